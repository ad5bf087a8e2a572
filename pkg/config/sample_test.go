package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/internal/confdoc"
	"github.com/pytroll/posttroll-go/pkg/config"
)

const sample = "../../deploy/etc/posttroll.toml"

const sampleHeader = `Settings that all posttroll programs of this host share: publishers, subscribers, nameserver, relay.
They are read from /etc/posttroll/posttroll.toml. A user's own programs read ~/.config/posttroll/posttroll.toml after it, a daemon its own file (nameserver.toml); then come variables of the environment and flags, and what comes later wins. Python programs do not read this file: they share the variables.
Each setting stands here with its default. To change one, remove the "#" in front of it. A key that is misspelt is an error, and --check tells which settings count and where they come from.`

func TestSampleIsTheManual(t *testing.T) {
	t.Parallel()
	confdoc.Golden(t, sample, sampleHeader, confdoc.Source{Dir: ".", Defaults: config.DefaultSettings()})
}

// The sample without its comment signs sets every key to its default.
func TestSampleHoldsTheDefaults(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"posttroll.toml": confdoc.Uncomment(string(text))})
	var got config.Settings
	report, err := config.Load(config.Sources{Shared: []string{dir + "/posttroll.toml"}}, &got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.DefaultSettings(), got, equal); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, key := range config.Keys(got) {
		if report.Origin(key).File == "" {
			t.Errorf("the sample does not set %s", key)
		}
		variable := "POSTTROLL_" + strings.ToUpper(key)
		if !strings.Contains(string(text), variable) {
			t.Errorf("the manual of %s does not name %s", key, variable)
		}
	}
}
