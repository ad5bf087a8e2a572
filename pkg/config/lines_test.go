package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/config"
)

// routes is a daemon's settings with lists of tables in lists of tables. Its Validate finds fault with the keys in faults.
type routes struct {
	Route  []route        `toml:"route"`
	Label  map[string]any `toml:"label"`
	Limit  int            `toml:"limit"`
	faults []string
}

type route struct {
	Name string `toml:"name"`
	Step []struct {
		Keep struct {
			Subject []string         `toml:"subject"`
			Field   []map[string]any `toml:"field"`
		} `toml:"keep"`
		Rename struct {
			Prefix map[string]string `toml:"prefix"`
		} `toml:"rename"`
	} `toml:"step"`
	Sink struct {
		Port int    `toml:"port"`
		Text string `toml:"text"`
	} `toml:"sink"`
}

func (r *routes) Validate() error {
	var errs []error
	for _, key := range r.faults {
		errs = append(errs, fullError{key})
	}
	return errors.Join(errs...)
}

// fullError is an error that knows its setting and tells it, as those of our packages do.
type fullError struct{ key string }

func (e fullError) Error() string     { return e.key + ": is wrong" }
func (e fullError) ConfigKey() string { return e.key }

const routesFile = `# [[route]] in a comment
limit = 5 # one
label.a.b = 1

[[route]]
name = "first" # [[route.step]]
  [[ route . step ]]
  keep = { subject = ["/a", # "]"
                      "/b"], field = [
    { path = "x", equals = [1, { y = 2 }] },
    { path = 'z]' } ] }
  [[route.step]]
    [route.step.rename]
    prefix = { "/a.b" = "/[[route]]", '/c' = "/d" }
  [route.sink]
  port = 9100
  text = """
[[route]]
name = "no key"
quotes at the end: """""

[[route]]
"name" = "second"
sink.port = 0x1F
  [[route.step]]
  keep.subject = []
  rename."prefix"."/x" = "/y"
`

func TestLines(t *testing.T) {
	t.Parallel()
	for key, line := range map[string]int{
		"limit": 2, "label": 3, "label.a.b": 3,
		"route": 5, "route[1]": 5, "route[1].name": 6,
		"route[1].step": 7, "route[1].step[1].keep.subject": 8, "route[1].step[1].keep.subject[1]": 8, "route[1].step[1].keep.subject[2]": 9,
		"route[1].step[1].keep.field[1].equals[2].y": 10, "route[1].step[1].keep.field[2].path": 11, "route[1].step[1].keep.field[2].lacks": 11,
		"route[1].step[2]": 12, "route[1].step[2].rename": 13, "route[1].step[2].rename.prefix./a.b": 14, "route[1].step[2].rename.prefix./c": 14,
		"route[1].sink": 15, "route[1].sink.port": 16, "route[1].sink.text": 17,
		"route[2]": 22, "route[2].name": 23, "route[2].sink.port": 24, "route[2].sink.lacks": 24,
		"route[2].step[1]": 25, "route[2].step[1].keep": 26, "route[2].step[1].rename.prefix./x": 27, "route[2].step[2]": 25, "route[3]": 5,
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			dir := write(t, map[string]string{"own.toml": routesFile})
			settings, own := config.DefaultSettings(), routes{faults: []string{key}}
			_, err := config.Load(config.Sources{Own: dir + "/own.toml"}, &settings, &own)
			want := []string{fmt.Sprintf("own.toml:%d: %s: is wrong", line, key)}
			if diff := cmp.Diff(want, problems(err, dir)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// What does not fit and what Validate finds have lines of the same kind; what no file sets has none.
func TestLinesOfProblems(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"own.toml": "[[route]]\n  [[route.step]]\n  keep = {\n    subjects = [] }\n[[route]]\n  [route.sink]\n  port = \"x\"\n"})
	settings, own := config.DefaultSettings(), routes{faults: []string{"limit", "label.a"}}
	_, err := config.Load(config.Sources{Own: dir + "/own.toml", Environ: []string{"POSTTROLL_LABEL={'a': 1}"}}, &settings, &own)
	want := []string{
		"own.toml:4: route[1].step[1].keep.subjects: unknown key | did you mean subject?",
		`own.toml:7: route[2].sink.port: want a whole number, got the text "x"`,
		"limit: is wrong",
		"POSTTROLL_LABEL: label.a: is wrong",
	}
	if diff := cmp.Diff(want, problems(err, dir)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// A long name over many keys would take the product of both.
func TestLinesOfLongNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 20_000)
	var text strings.Builder
	fmt.Fprintf(&text, "[label.%s]\n", long)
	for i := range 4000 {
		fmt.Fprintf(&text, "k%d=1\n", i)
	}
	dir := write(t, map[string]string{"own.toml": text.String()})
	settings, own := config.DefaultSettings(), routes{faults: []string{"label." + long + ".k7"}}
	_, err := config.Load(config.Sources{Own: dir + "/own.toml"}, &settings, &own)
	if got := problems(err, dir); len(got) != 1 || !strings.HasPrefix(got[0], "own.toml:1: label.x") {
		t.Errorf("got %.200q", got)
	}
}
