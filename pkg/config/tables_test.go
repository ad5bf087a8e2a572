package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/config"
)

func TestNestedSettings(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"own.toml": `optional = 5
labels = {site = "norrköping"}
[limits]
per_host = 3
[[rule]]
from = "a"
timeout = "5s"
[[rule]]
from = "b"
`})
	settings, got := config.DefaultSettings(), defaults()
	if _, err := config.Load(config.Sources{Own: filepath.Join(dir, "own.toml")}, &settings, &got); err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Optional = new(5)
	want.Labels = map[string]string{"site": "norrköping"}
	want.Limits.PerHost = 3
	want.Rules = []rule{{"a", 5 * time.Second}, {"b", 0}}
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Of lists of tables what fits is there also after an error, so that whoever validates them finds more at once; each problem has its line.
func TestWhatFitsOfTables(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"own.toml": `max_age = 5
[limits]
total = "many"
per_host = 3
[[rule]]
from = "a"
timeout = 5
[[rule]]
from = "b"
form = "c"
`})
	settings, got := config.DefaultSettings(), defaults()
	report, err := config.Load(config.Sources{Own: filepath.Join(dir, "own.toml")}, &settings, &got)
	want := []string{
		`own.toml:1: max_age: want a duration such as "10m", got the number 5 | a bare number has no unit: write "500ms", "30s", "10m" or "2h"`,
		`own.toml:3: limits.total: want a whole number, got the text "many"`,
		`own.toml:7: rule[1].timeout: want a duration such as "10m", got the number 5 | a bare number has no unit: write "500ms", "30s", "10m" or "2h"`,
		`own.toml:10: rule[2].form: unknown key | did you mean from?`,
	}
	if diff := cmp.Diff(want, problems(err, dir)); diff != "" {
		t.Errorf("problems: (-want +got)\n%s", diff)
	}
	kept := defaults()
	kept.Limits.PerHost = 3
	kept.Rules = []rule{{From: "a"}, {From: "b"}}
	if diff := cmp.Diff(kept, got, equal); diff != "" {
		t.Errorf("settings: (-want +got)\n%s", diff)
	}
	if at := report.Origin("rule[2].from"); at.Line != 9 {
		t.Errorf("rule[2].from is at %s", at)
	}
}

// A setting of type any takes what stands in the file as it is.
func TestLoadAny(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "own.toml")
	if err := os.WriteFile(path, []byte("[set]\na = 1\nb = \"x\"\nc = [true, 2.5]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := config.DefaultSettings()
	var own struct {
		Set map[string]any `toml:"set"`
	}
	report, err := config.Load(config.Sources{Own: path}, &settings, &own)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": int64(1), "b": "x", "c": []any{true, 2.5}}
	if diff := cmp.Diff(want, own.Set); diff != "" {
		t.Errorf("setting (-want +got):\n%s", diff)
	}
	values := report.Values()
	if got := values[len(values)-1].Text; got != `{"a" = 1, "b" = "x", "c" = [true, 2.5]}` {
		t.Errorf("as text: got %s", got)
	}
}
