package step_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/confdoc"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

var now = time.Date(2024, 5, 17, 9, 42, 12, 0, time.UTC)

// route is a settings file with steps.
type route struct {
	Step []step.Config `toml:"step"`
}

// load reads steps as a daemon does.
func load(tb testing.TB, text string) []step.Config {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "relay.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	settings, r := config.DefaultSettings(), route{}
	if _, err := config.Load(config.Sources{Own: path, OwnRequired: true}, &settings, &r); err != nil {
		tb.Fatal(err)
	}
	return r.Step
}

// compile makes a chain of steps, each a line.
func compile(tb testing.TB, lines ...string) *step.Chain {
	tb.Helper()
	c, err := step.Compile("step", load(tb, "[[step]]\n"+strings.Join(lines, "\n[[step]]\n")))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func decode(tb testing.TB, frame string) *message.Message {
	tb.Helper()
	m, err := message.Decode([]byte(frame))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

const (
	dataset = `pytroll://segment/SDR/1B/nrk dataset safuser@lxserv1131.smhi.se 2024-05-17T09:41:12.752065 v1.01 application/json {"sensor": "viirs", "start_time": "2018-10-25T01:01:46.0", "orbit_number": 36230, "uid": "20240517", "dataset": [{"uri": "ssh://lxserv1131.smhi.se/san1/x.h5", "uid": "GMTCO_npp_x.h5"}]}`
	coll    = `pytroll://HRPT/0/NOAA-19/ collection safusr.t@lxserv2338.smhi.se 2024-05-17T09:41:12.089639 v1.01 application/json {"sensor": ["avhrr/3", "mhs"], "origin": "172.18.0.249:9108", "collection": [{"start_time": "2021-11-19T16:40:00", "uri": "ssh://h/x.hrp", "uid": "x.hrp", "dataset": [{"uri": "ssh://u@H:22/y"}]}]}`
	fci     = `pytroll://1b/FCI-segment/FDHSI file user@collecting.host.se 2024-05-17T09:41:12.483302+00:00 v1.2 application/json {"filesystem": {"host": "receiving_host"}, "uri": "ssh:///local_disk/x.nc", "path": "/local_disk/x.nc", "at": "2024-05-17T11:41:12+02:00"}`
	log     = `pytroll:/log/WARNING/trollflow2.launcher log.warning root@vm 2024-05-17T09:41:12.788680 v1.01 text/ascii Missing file: a.nc`
	server  = `pytroll://1b/hrit file safusr@vm 2024-05-17T09:41:12 v1.01 application/json {"uri":  "/local/path",  "uid": "x", "request_address": "10.0.0.1:9094", "n": 1.50}`
	twice   = `pytroll://segment/EPSSGA/1B/ dataset a@b 2024-05-17T09:41:12 v1.01 application/json {"uid": 1, "uid": 2}`
	bad     = `pytroll://segment file a@b 2024-05-17T09:41:12 v1.01 application/json {x}`
	beat    = `pytroll://heartbeat/move_it_server ping root@vm 2024-05-17T09:41:12 v1.01`
)

// Steps and what they make of messages. A result without pairs of old and new is the very bytes that came in.
func TestSteps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, frame string
		steps       []string
		changes     []string // old, new, …; one alone: the reason why it is dropped
	}{
		{"kept by subject", dataset, []string{`keep = { subject = ["/segment/**"] }`}, nil},
		{"not kept", dataset, []string{`keep = { subject = ["/segment/*", "/segment"] }`}, []string{"not_kept"}},
		{"a trailing slash", coll, []string{`keep = { subject = ["/HRPT/**"] }`}, nil},
		{"no leading slash", log, []string{`keep = { subject = ["log/**"], type = ["log.*"] }`}, nil},
		{"dropped by type", log, []string{`drop = { type = ["beat", "log.*"] }`}, []string{"dropped"}},
		{"not dropped", dataset, []string{`drop = { type = ["file"] }`}, nil},
		{"user and host", dataset, []string{`keep = { user = ["saf*"], host = ["LXSERV*"] }`}, nil},
		{"one of two lacks", dataset, []string{`keep = { user = ["saf*"], host = ["other"] }`}, []string{"not_kept"}},
		{"equals", dataset, []string{`keep = { field = [{ path = "orbit_number", equals = 36230.0 }] }`}, nil},
		{"a text is no number", dataset, []string{`keep = { field = [{ path = "orbit_number", equals = "36230" }] }`}, []string{"not_kept"}},
		{"in a list", coll, []string{`keep = { field = [{ path = "sensor", in = ["viirs", "mhs"] }] }`}, nil},
		{"in as text", dataset, []string{`keep = { field = [{ path = "sensor", in = ["viirs", "mhs"] }] }`}, nil},
		{"a whole list", coll, []string{`keep = { field = [{ path = "sensor", equals = ["avhrr/3", "mhs"] }] }`}, nil},
		{"glob", dataset, []string{`keep = { field = [{ path = "dataset.uid", glob = ["GMTCO_*"] }] }`}, nil},
		{"glob of a URI", dataset, []string{`keep = { field = [{ path = "dataset.uri", glob = ["ssh://lx*/**"] }] }`}, nil},
		{"exists", dataset, []string{`keep = { field = [{ path = "sensor", exists = true }] }`}, nil},
		{"does not exist", dataset, []string{`keep = { field = [{ path = "sensor", exists = false }] }`}, []string{"not_kept"}},
		{"text has no fields", log, []string{`keep = { field = [{ path = "sensor", exists = false }] }`}, nil},
		{"a date is a text", dataset, []string{`keep = { field = [{ path = "uid", equals = "20240517" }] }`}, nil},
		{"data that is none", bad, []string{`drop = { field = [{ path = "a", exists = true }] }`}, []string{"bad_data"}},
		{"data that nobody asks for", bad, []string{`keep = { subject = ["/segment"] }`}, nil},
		{"data of others", bad, []string{`drop = { type = ["beat"], field = [{ path = "a", exists = true }] }`}, nil},
		{"when", dataset, []string{"when = { type = [\"file\"] }\nset = { a = 1 }"}, nil},
		{"when it matches", server, []string{"when = { type = [\"file\"] }\nrename = { prefix = { \"/1b\" = \"/x\" } }"}, []string{"//1b", "//x"}},
		{"when of bad data", bad, []string{"when = { field = [{ path = \"a\", exists = true }] }\nremove = [\"a\"]"}, []string{"bad_data"}},

		{"prefix", dataset, []string{`rename = { prefix = { "/segment" = "/test/segment" } }`}, []string{"//segment", "//test/segment"}},
		{"the longest prefix", dataset, []string{`rename = { prefix = { "/" = "/a", "/segment" = "/b", "/segment/SDR/" = "/c/" } }`}, []string{"//segment/SDR", "//c"}},
		{"no part of a word", dataset, []string{`rename = { prefix = { "/seg" = "/b" } }`}, nil},
		{"to the root", twice, []string{`rename = { prefix = { "/segment" = "/" } }`}, []string{"//segment/", "//"}},
		{"a slash in front", log, []string{`rename = { prefix = { "log" = "/log" } }`}, []string{":/log", "://log"}},
		{"pattern", dataset, []string{`rename = { pattern = "/segment/([^/]+)/(?P<rest>.*)", to = "/${rest}/$1" }`}, []string{"//segment/SDR/1B/nrk", "//1B/nrk/SDR"}},
		{"another pattern", dataset, []string{`rename = { pattern = "/segment", to = "/x" }`}, nil},
		{"two renames", dataset, []string{`rename = { prefix = { "/segment" = "/a" } }`, `keep = { subject = ["/a/**"] }`, `rename = { prefix = { "/a" = "/b" } }`}, []string{"//segment", "//b"}},
		{"nothing left", dataset, []string{`rename = { pattern = "/segment(x?).*", to = "$1" }`}, []string{"bad_result"}},

		{"hosts of a dataset", dataset, []string{`rewrite = { uri = [{ host = "lxserv1131.smhi.se", to = "relay:2222" }] }`},
			[]string{`"ssh://lxserv1131.smhi.se/`, `"ssh://relay:2222/`, "46.0", "46.0"}},
		{"hosts of a collection", coll, []string{`rewrite = { uri = [{ host = "h", to = "relay" }] }`}, []string{"//h/", "//relay/", "u@H:22", "u@relay:22"}},
		{"prefix of a URI", fci, []string{`rewrite = { uri = [{ host = "*", to = "no" }, { prefix = "ssh:///local_disk/", to = "ssh://h/d/" }, { prefix = "/local_disk", to = "/d" }], fields = ["path"] }`},
			[]string{"ssh:///local_disk", "ssh://h/d", `"/local_disk`, `"/d`}},
		{"request address", server, []string{`rewrite = { request_address = [{ host = "10.0.0.*", to = "relay" }] }`},
			[]string{"10.0.0.1", "relay", "  ", " ", "1.50", "1.5"}},
		{"nothing to rewrite", server, []string{`rewrite = { uri = [{ host = "h", to = "relay" }], request_address = [{ host = "h", to = "relay" }] }`}, nil},
		{"sender", dataset, []string{`rewrite = { sender = [{ host = "vm", to = "x" }, { host = "*.smhi.se", to = "relay.smhi.se" }] }`}, []string{"@lxserv1131.", "@relay."}},
		{"sender alone decodes nothing", bad, []string{`rewrite = { sender = [{ host = "b", to = "relay" }] }`}, []string{"a@b", "a@relay"}},

		{"set", server, []string{`set = { "uid" = "y", station = "nrk", "a.b" = [1, 2.5, true, { x = "y" }] }`},
			[]string{"  ", " ", `"uid": "x"`, `"uid": "y"`, `1.50}`, `1.5, "a": {"b": [1, 2.5, true, {"x": "y"}]}, "station": "nrk"}`}},
		{"set what is there", server, []string{`set = { n = 1.5, uid = "x" }`}, nil},
		{"set in elements", dataset, []string{`set = { "dataset.uid" = "z" }`}, []string{"GMTCO_npp_x.h5", "z"}},
		{"set where there is nothing", beat, []string{`set = { a = 1 }`}, []string{"v1.01", `v1.01 application/json {"a": 1}`}},
		{"set in text", log, []string{`set = { a = 1 }`}, nil},
		{"set, then match", beat, []string{`set = { a = 1 }`, `keep = { field = [{ path = "a", equals = 1 }] }`}, []string{"v1.01", `v1.01 application/json {"a": 1}`}},
		{"remove", dataset, []string{`remove = ["sensor", "dataset.uri"]`}, []string{`"sensor": "viirs", `, "", `"uri": "ssh://lxserv1131.smhi.se/san1/x.h5", `, ""}},
		{"remove the last", twice, []string{`remove = ["uid"]`}, []string{` application/json {"uid": 1, "uid": 2}`, ""}},
		{"a key twice", twice, []string{`set = { a = 1 }`}, []string{`"uid": 1, "uid": 2`, `"uid": 2, "a": 1`}},
		{"set in bad data", bad, []string{`set = { a = 1 }`}, []string{"bad_data"}},

		{"v1.01", fci, []string{`version = "v1.01"`}, []string{"+00:00 v1.2", " v1.01", "+02:00", ""}},
		{"v1.01 and set", fci, []string{`version = "v1.01"`, `set = { at = "2024-05-17T11:41:13+02:00" }`}, []string{"+00:00 v1.2", " v1.01", "12+02:00", "13"}},
		{"v1.01 already", dataset, []string{`version = "v1.01"`}, nil},
		{"v1.2", dataset, []string{`version = "v1.2"`}, []string{" v1.01", "+00:00 v1.2"}},
		{"young", dataset, []string{`max_age = "1m"`}, nil},
		{"old", dataset, []string{`max_age = "30s"`}, []string{"too_old"}},
		{"no steps that change", dataset, []string{`max_age = "1m"`, `set = { sensor = "viirs" }`, `rename = { prefix = { "/x" = "/y" } }`, `rate_limit = { messages = 1 }`}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := decode(t, tt.frame)
			got := compile(t, tt.steps...).Do(step.NewItem(m), now)
			if len(tt.changes) == 1 {
				if string(got.Reason) != tt.changes[0] || got.Message != nil {
					t.Errorf("got reason %q (%v), want %s", got.Reason, got.Err, tt.changes[0])
				}
				return
			}
			if got.Reason != "" {
				t.Fatalf("dropped: %s: %v", got.Reason, got.Err)
			}
			if len(tt.changes) == 0 && got.Message != m {
				t.Error("the message is not the one that came in")
			}
			want := strings.NewReplacer(tt.changes...).Replace(tt.frame)
			if diff := cmp.Diff(want, string(got.Message.Bytes())); diff != "" {
				t.Errorf("frame (-want +got):\n%s", diff)
			}
			if string(m.Bytes()) != tt.frame {
				t.Error("what came in was written to")
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	c := compile(t, `rate_limit = { messages = 2, per = "10s", max_subjects = 2 }`)
	for i, s := range []struct {
		subject string
		after   time.Duration
		want    step.Reason
	}{
		{"/a", 0, ""}, {"/a", 0, ""}, {"/a", 0, step.RateLimited},
		{"/b", 0, ""},
		{"/a", 5*time.Second - 1, step.RateLimited},
		{"/a", 5 * time.Second, ""},
		{"/a", 0, step.RateLimited}, // a clock set back stands still
		{"/a", time.Hour, ""}, {"/a", time.Hour, ""}, {"/a", time.Hour, step.RateLimited},
		{"/b", time.Hour, ""},
		{"/c", time.Hour, ""}, // /a is forgotten
		{"/a", time.Hour, ""},
		{"/c", time.Hour, ""}, {"/c", time.Hour, step.RateLimited},
	} {
		m := decode(t, "pytroll:/"+s.subject+" file a@b 2024-05-17T09:41:12 v1.01")
		if got := c.Do(step.NewItem(m), now.Add(s.after)); got.Reason != s.want {
			t.Errorf("message %d: got %q, want %q", i+1, got.Reason, s.want)
		}
	}
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		steps        []string
		topics, want string
	}{
		{"no renames", []string{`max_age = "1m"`}, "pytroll://b/x|pytroll://b|pytroll://c", "//b //c"},
		{"everything", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pytroll:/", "/"},
		{"less than the magic", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pyt", "/"},
		{"no topic of ours", []string{`max_age = "1m"`}, "other", ""},
		{"below the prefix", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pytroll://b/x", "//a/x //b/x"},
		{"above the prefix", []string{`rename = { prefix = { "/a/b" = "/c/d" } }`}, "pytroll://c", "//a/b //c"},
		{"what is renamed away", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pytroll://a/x", ""},
		{"only now and then", []string{"when = { type = [\"file\"] }\nrename = { prefix = { \"/a\" = \"/b\" } }"}, "pytroll://a/x", "//a/x"},
		{"to below itself", []string{`rename = { prefix = { "/" = "/test" } }`}, "pytroll://test/x", "//x"},
		{"two steps", []string{`rename = { prefix = { "/a" = "/b" } }`, `rename = { prefix = { "/b" = "/c" } }`}, "pytroll://c/x", "//a/x //b/x //c/x"},
		{"pattern", []string{`rename = { pattern = "/seg(?:ment)?/(.*)", to = "/out/$1" }`}, "pytroll://out/x", "//out/x //seg"},
		{"another pattern", []string{`rename = { pattern = "/seg(?:ment)?/(.*)", to = "/out/$1" }`}, "pytroll://in", "//in"},
		{"past the subject", []string{`rename = { prefix = { "/a" = "/b" } }`}, "pytroll://b/x file", "//a/x //b/x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := compile(t, tt.steps...).Upstream(strings.Split(tt.topics, "|")...)
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], "pytroll:")
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("topics (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzChain: no message and no topic do harm, what comes out is a message, and who subscribes to it upstream gets it.
func FuzzChain(f *testing.F) {
	for _, frame := range []string{dataset, coll, fci, log, server, twice, bad, beat} {
		f.Add([]byte(frame), "pytroll://b")
	}
	c := compile(f, `rename = { prefix = { "/segment" = "/b", "/1b" = "/", "log" = "/log" } }`,
		"when = { field = [{ path = \"uid\", exists = true }] }\nset = { \"a.b\" = 1 }",
		`rewrite = { uri = [{ host = "*", to = "relay" }, { prefix = "/", to = "/x/" }], fields = ["path"], request_address = [{ host = "*", to = "[::1]:1" }], sender = [{ host = "*", to = "relay" }] }`,
		`rename = { pattern = "/b/([^/]+)/(.*)", to = "/c/$2/$1" }`, `remove = ["sensor", "dataset.0"]`, `version = "v1.01"`)
	f.Fuzz(func(t *testing.T, frame []byte, topic string) {
		m, err := message.Decode(frame)
		if err != nil {
			return
		}
		before := bytes.Clone(frame)
		got := c.Do(step.NewItem(m), now)
		if !bytes.Equal(frame, before) {
			t.Fatal("the frame was written to")
		}
		if (got.Message == nil) != (got.Reason != "") {
			t.Fatalf("got %+v", got)
		}
		if got.Message == nil {
			return
		}
		if _, err := message.Decode(got.Message.Bytes()); err != nil {
			t.Fatalf("%q: %v", got.Message.Bytes(), err)
		}
		if got.Message.Matches(topic) && strings.HasPrefix(topic, message.Magic) && !m.Matches(c.Upstream(topic)...) {
			t.Fatalf("%q comes out as %q, and %q is upstream %q", m, got.Message, topic, c.Upstream(topic))
		}
	})
}

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
step[12].max_age`

// Every setting has a manual that tells its default.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	for _, c := range []any{step.Match{}, step.Field{}, step.Rename{}, step.Rewrite{}, step.URIRule{}, step.HostRule{}, step.RateLimit{}, step.Config{}} {
		if _, err := confdoc.Settings(confdoc.Source{Dir: ".", Defaults: c}); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkHeader(b *testing.B) {
	benchmark(b, `keep = { subject = ["/segment/**"], type = ["file", "dataset"] }`, `rename = { prefix = { "/segment" = "/test" } }`)
}

func BenchmarkPass(b *testing.B) { benchmark(b, `keep = { subject = ["/segment/**"] }`) }

func BenchmarkRewrite(b *testing.B) {
	benchmark(b, `keep = { field = [{ path = "sensor", in = ["viirs"] }] }`, `rewrite = { uri = [{ host = "*", to = "relay" }] }`)
}

func benchmark(b *testing.B, steps ...string) {
	c := compile(b, steps...)
	m := decode(b, dataset)
	b.ReportAllocs()
	for b.Loop() {
		if r := c.Do(step.NewItem(m), now); r.Reason != "" {
			b.Fatal(r.Reason)
		}
	}
}

// Production goes to test under other subjects, with files where the test system finds them.
func ExampleChain() {
	chain, err := step.Compile("step", []step.Config{
		{Keep: &step.Match{Type: []string{"file"}}},
		{Rename: &step.Rename{Prefix: map[string]string{"/1b": "/test/1b"}}},
		{Rewrite: &step.Rewrite{URI: []step.URIRule{{Host: "lx*", To: "archive"}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := message.Decode([]byte(`pytroll://1b/hrit file safusr@lx1 2024-05-17T09:41:12 v1.01 application/json {"uri": "ssh://lx1/x.h5", "uid": "x.h5"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(chain.Do(step.NewItem(m), time.Now()).Message)
	// Output:
	// pytroll://test/1b/hrit file safusr@lx1 2024-05-17T09:41:12 v1.01 application/json {"uri": "ssh://archive/x.h5", "uid": "x.h5"}
}
