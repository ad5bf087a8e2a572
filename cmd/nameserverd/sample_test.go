package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/internal/confdoc"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

const sample = "../../deploy/etc/nameserver.toml"

const sampleHeader = `Settings of nameserverd, the posttroll nameserver.
They are read from /etc/posttroll/nameserver.toml, after those that all posttroll programs share (posttroll.toml: the ports, the multicast group, keep-alive), which may be set here too. Then come variables of the environment and options, and what comes later wins.
Each setting stands here with its default. To change one, remove the "#" in front of it. A key that is misspelt is an error, and nameserverd --check tells which settings count and where they come from. After a SIGHUP ("systemctl reload posttroll-nameserver") ages, limits, probing, show_secure_entries, feed_heartbeat and log_level are as the file says; of what needs a restart, as all ports and keys, max_connections and max_bytes_in_flight do, the log tells. Clients whose keys come into clients_public_keys_directory or go from it are let in and shut out at once.`

func TestSampleIsTheManual(t *testing.T) {
	t.Parallel()
	confdoc.Golden(t, sample, sampleHeader, confdoc.Source{Dir: "../../pkg/nameserver", Defaults: nameserver.DefaultConfig()},
		confdoc.Source{Dir: "../../pkg/httpd", Defaults: httpd.DefaultConfig()},
		confdoc.Source{Dir: "../../pkg/logging", Defaults: logging.DefaultSettings()})
}

// The sample without its comment signs sets every key to its default.
func TestSampleHoldsTheDefaults(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nameserver.toml")
	if err := os.WriteFile(file, []byte(confdoc.Uncomment(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	shared := config.DefaultSettings()
	got := nameserver.Config{Backend: transport.Plain} // shared, and checked
	log, served := logging.Settings{Level: "error"}, httpd.Config{}
	report, err := config.Load(config.Sources{Own: file, OwnRequired: true}, &shared, &got, &served, &log)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range config.Keys(shared) {
		if report.Origin(key).File != "" {
			t.Errorf("the sample sets %s, which is shared", key)
		}
	}
	want := nameserver.DefaultConfig()
	want.NameserverPort, want.AddressPublishPort, want.BroadcastPort = 0, 0, 0
	want.SecureNameserverPort, want.SecureAddressPublishPort, want.SecureBroadcastPort = 0, 0, 0
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(logging.DefaultSettings(), log); diff != "" {
		t.Errorf("log (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(httpd.DefaultConfig(), served, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("HTTP (-want +got)\n%s", diff)
	}
	for _, key := range config.Keys(got, served, log) {
		if report.Origin(key).File == "" {
			t.Errorf("the sample does not set %s", key)
		}
		if variable := "POSTTROLL_" + strings.ToUpper(key); !strings.Contains(string(text), variable) {
			t.Errorf("the manual of %s does not name %s", key, variable)
		}
	}
}
