package confdoc

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/internal/confdoc/testdata/tables"
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

func TestTables(t *testing.T) {
	t.Parallel()
	got, err := Tables("../..", tables.File{Limit: 2}, tables.Below{Name: "x"})
	if err == nil || err.Error() != "the comment of tables.File.Bad does not say its default" {
		t.Errorf("got error %v", err)
	}
	want := Table{
		Settings: []Setting{{"limit", "limit of all. Default 2.", "2"}, {"factor", "factor by which, with limit. Limit it, as bad or factor or Good. Default 1.5.", "1.5"}, {"none", "none is asked. Default: nothing.", ""}, {"bad", "bad says nothing.", ""}},
		Tables: []Table{
			{Path: "one", Text: "one is a table, one.", Settings: []Setting{{"name", `name of it. Default "x".`, `"x"`}}, Tables: []Table{}},
			{Path: "many", List: true, Text: "many are [[many]].", SameAs: "one"},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	wantSample := `# Header.

# limit of all. Default 2.
#limit = 2

# factor by which, with limit. Limit it, as bad or factor or Good. Default 1.5.
#factor = 1.5

# none is asked. Default: nothing.
# none =

# bad says nothing.
# bad =

# one is a table, one.
#[one]

# name of it. Default "x".
#name = "x"

# many are [[many]].
# Its keys are those of one.
#[[many]]
`
	if diff := cmp.Diff(wantSample, SampleOf("Header.", want)); diff != "" {
		t.Errorf("sample (-want +got)\n%s", diff)
	}
}
