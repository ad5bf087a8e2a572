package confdoc

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sampleConfig has its sources in testdata, for those of tests are not read.
type sampleConfig struct {
	Port   int           `toml:"port"`
	MaxAge time.Duration `toml:"max_age"`
	Hosts  []string      `toml:"hosts"`
	Skip   string        `toml:"-"`
	Plain  string
}

func TestSettings(t *testing.T) {
	t.Parallel()
	got, err := Settings(Source{Dir: "testdata", Defaults: sampleConfig{Port: 1, MaxAge: 90 * time.Second, Hosts: []string{"a"}}})
	wantErr := "the comment of confdoc.sampleConfig.MaxAge does not say: Default \"1m30s\"\nconfdoc.sampleConfig.Hosts has no doc comment"
	if err == nil || err.Error() != wantErr {
		t.Errorf("got error %v, want %s", err, wantErr)
	}
	want := []Setting{
		{"port", "port is where it listens. See Other. Default 1.", "1"},
		{"max_age", "max_age is how long. Default \"10m\".\nA second paragraph.", `"1m30s"`},
		{"hosts", "", `["a"]`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := Settings(Source{Dir: "testdata", Defaults: struct{}{}}); err == nil {
		t.Error("a struct that is not there was found")
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	long := strings.TrimSpace(strings.Repeat("words ", 30))
	got := Sample("Header.\nMore.", []Setting{{"a", "a is " + long, `"x"`}, {"b", "b is it.\nSecond.", "[]"}})
	want := `# Header.
# More.

# a is words words words words words words words words words words words words words words words
# words words words words words words words words words words words words words words words
#a = "x"

# b is it.
# Second.
#b = []
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := Uncomment("# text\n#\n#a = 1\n[b]\n"); got != "# text\n#\na = 1\n[b]\n" {
		t.Errorf("uncommented: got %q", got)
	}
}
