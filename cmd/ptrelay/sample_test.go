package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/internal/confdoc"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

const sample = "../../deploy/etc/relay.toml"

// loadSample reads the sample as edit makes it.
func loadSample(t *testing.T, edit func(string) string) (config.Settings, relay.Config, *config.Report) {
	t.Helper()
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "relay.toml")
	if err := os.WriteFile(file, []byte(edit(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	shared, own, log := config.DefaultSettings(), relay.DefaultConfig(), logging.DefaultSettings()
	served, control := httpd.DefaultConfig(), httpd.DefaultControlConfig()
	report, err := config.Load(config.Sources{Own: file, OwnRequired: true}, &shared, (*unvalidated)(&own), &served, &control, &log)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(httpd.DefaultConfig(), served, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the sample serves HTTP (-want +got)\n%s", diff)
	}
	if control != httpd.DefaultControlConfig() {
		t.Errorf("the sample takes commands otherwise: %+v", control)
	}
	if log != logging.DefaultSettings() {
		t.Errorf("the sample logs otherwise: %+v", log)
	}
	return shared, own, report
}

// As it is, the sample changes nothing; with the lines of its header it is a relay.
func TestSampleLoads(t *testing.T) {
	t.Parallel()
	shared, got, _ := loadSample(t, func(text string) string { return text })
	if diff := cmp.Diff(relay.DefaultConfig(), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if keys := config.Changed(config.DefaultSettings(), shared); len(keys) > 0 {
		t.Errorf("the sample sets %q, which are shared", keys)
	}
	_, got, _ = loadSample(t, func(text string) string {
		_, example, _ := strings.Cut(text, "as in\n")
		example, _, _ = strings.Cut(example, "# and all")
		return strings.ReplaceAll(example, "# ", "")
	})
	if err := got.Validate(); err != nil || len(got.Routes) != 1 {
		t.Errorf("the example of the header: %v, %+v", err, got)
	}
}

// Without its comment signs the sample has each table, and sets every key to its default.
func TestSampleHoldsTheDefaults(t *testing.T) {
	t.Parallel()
	shared, got, report := loadSample(t, confdoc.Uncomment)
	for _, key := range config.Keys(shared) {
		if report.Origin(key).File != "" {
			t.Errorf("the sample sets %s, which is shared", key)
		}
	}
	if len(got.Routes) != 1 {
		t.Fatalf("got %+v", got)
	}
	all, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range config.Keys(relay.Config{}, httpd.Config{}, httpd.ControlConfig{}, logging.Settings{}) {
		if report.Origin(key).File == "" {
			t.Errorf("the sample does not set %s", key)
		}
		if variable := "POSTTROLL_" + strings.ToUpper(key); key != "route" && !strings.Contains(string(all), variable) {
			t.Errorf("the manual of %s does not name %s", key, variable)
		}
	}
	route := got.Routes[0]
	checkTables(t, "route", reflect.ValueOf(&route).Elem())
	if diff := cmp.Diff(dedup.DefaultConfig(), *route.Duplicates, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("duplicates (-want +got)\n%s", diff)
	}
	route.Duplicates, route.Steps = nil, nil
	got.Routes = []relay.Route{route}
	want := relay.DefaultConfig()
	want.Routes = []relay.Route{{}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// checkTables checks that v has each table once; of those that have the same keys as another one, the keys may lack. It takes away values whose default is that there
// is none: what the sample has for them is what their manual says.
func checkTables(t *testing.T, at string, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		key, field := at+"."+v.Type().Field(i).Tag.Get("toml"), v.Field(i)
		switch {
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct && !strings.HasPrefix(at, "route.step.keep") && !strings.HasPrefix(at, "route.step.drop"):
			if field.Len() != 1 {
				t.Errorf("the sample has %s %d times", key, field.Len())
				continue
			}
			checkTables(t, key, field.Index(0))
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct:
			if field.IsNil() {
				t.Errorf("the sample has no %s", key)
				continue
			}
			checkTables(t, key, field.Elem())
		case field.Kind() == reflect.Pointer:
			field.SetZero()
		case field.Kind() == reflect.Struct:
			checkTables(t, key, field)
		}
	}
}
