package step_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/confdoc"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	configs := load(t, validateText)
	err := step.Validate("route[1].step", configs)
	if err == nil {
		t.Fatal("no error")
	}
	var got []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		s, ok := errors.AsType[*step.SettingError](e)
		if !ok || s.Text == "" || s.HintText() != s.Hint {
			t.Fatalf("got %#v", e)
		}
		got = append(got, strings.TrimPrefix(s.ConfigKey(), "route[1]."))
	}
	if diff := cmp.Diff(strings.Fields(validateKeys), got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if err := (step.Config{}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "step: says nothing to do") {
		t.Errorf("got %v", err)
	}
}

const validateText = `
[[step]]
keep = {}
[[step]]
keep = { subject = ["[", ""], field = [{ path = "a..b", equals = 2024-05-17T00:00:00Z }, { path = "a" }, { path = "a", in = [1], exists = false }] }
[[step]]
[[step]]
max_age = "1m"
version = "v3"
[[step]]
rename = { prefix = { "/a" = "/b c", "/a/" = "/x" }, pattern = "(", to = "" }
[[step]]
rename = { pattern = "/a/(.*)", to = "/b/$2/$1x" }
[[step]]
rewrite = {}
[[step]]
rewrite = { uri = [{ host = "h", prefix = "p", to = "x" }, { host = "h", to = "a/b" }, { host = "h", to = "h:0" }], sender = [{ host = "h", to = "h:1" }], fields = ["."] }
[[step]]
set = { "a." = 1, b = nan }
[[step]]
remove = [""]
[[step]]
rate_limit = { messages = 0, per = "25h", max_subjects = -1 }
[[step]]
max_age = "-1s"
[[step]]
set = { "a" = 1, "a.b" = 2, c.d = 3, "c.d" = 4, "e.f" = 1, e.g = 2, "h.0" = 1, h.k = 1 }
[[step]]
keep = { subject = ["pytroll://a/**", "/a b"], type = ["a b"], user = ["a@*"], host = ["*@b"] }
[[step]]
rewrite = { uri = [{ host = "ssh://h", to = "x" }, { host = "h:1", to = "x" }, { prefix = "p", to = "" }, { host = "h", to = "" }], request_address = [{ host = "h:1", to = "x" }], sender = [{ host = "u@h", to = "x" }] }
`

const validateKeys = `
step[1].keep
step[2].keep.subject[1] step[2].keep.subject[2] step[2].keep.field[1].path step[2].keep.field[1].equals step[2].keep.field[2] step[2].keep.field[3].exists
step[3]
step[4].version step[4]
step[5].rename step[5].rename.prefix./a step[5].rename.prefix./a/ step[5].rename.to step[5].rename.pattern
step[6].rename.to step[6].rename.to
step[7].rewrite
step[8].rewrite.sender[1].to step[8].rewrite.uri[1] step[8].rewrite.uri[2].to step[8].rewrite.uri[3].to step[8].rewrite.fields[1]
step[9].set.a. step[9].set.b
step[10].remove[1]
step[11].rate_limit.messages step[11].rate_limit.max_subjects step[11].rate_limit.per
step[12].max_age
step[13].set.a.b step[13].set.c.d
step[14].keep.subject[1] step[14].keep.subject[2] step[14].keep.type[1] step[14].keep.user[1] step[14].keep.host[1]
step[15].rewrite.request_address[1].host step[15].rewrite.sender[1].host step[15].rewrite.uri[1].host step[15].rewrite.uri[2].host step[15].rewrite.uri[3].to step[15].rewrite.uri[4].to`

// Every setting has a manual that tells its default.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	if _, err := confdoc.Tables("../../..", step.Config{}); err != nil {
		t.Error(err)
	}
}

// A pattern that just fits alone is refused, not a panic, where it does not fit any more with what is put around it.
func TestPatternAtTheLimit(t *testing.T) {
	t.Parallel()
	for n := 980; n <= 1001; n++ {
		pattern := strings.Repeat("(", n) + "a" + strings.Repeat(")", n)
		_, err := step.Compile("step", []step.Config{{Rename: &step.Rename{Pattern: pattern, To: "/x"}}})
		if n == 980 && err != nil || n == 1001 && err == nil {
			t.Errorf("%d: got %v", n, err)
		}
	}
}
