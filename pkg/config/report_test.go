package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/config"
)

func TestReportIsTOML(t *testing.T) {
	t.Parallel()
	settings, own := config.DefaultSettings(), defaults()
	own.Labels = map[string]string{"a\"b": "c\nd"}
	report, err := config.Load(config.Sources{Environ: []string{
		"POSTTROLL_MC_GROUP=", "POSTTROLL_TCP_KEEPALIVE=1", "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=a,b", "POSTTROLL_RATIO=2",
	}}, &settings, &own)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := report.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"backend = \"unsecure_zmq\"\n",
		"mc_group = \"\"  # POSTTROLL_MC_GROUP\n",
		"tcp_keepalive = true  # POSTTROLL_TCP_KEEPALIVE\n",
		"authorized_client_addresses = [\"a\", \"b\"]  # POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES\n",
		"max_age = \"10m\"\n",
		"ratio = 2.0  # POSTTROLL_RATIO\n",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("got\n%swant the line %s", b.String(), line)
		}
	}
	// Read again as a file it means the same.
	text := strings.Replace(b.String(), "optional = \"\"\n", "", 1) // unset has no form in TOML
	dir := write(t, map[string]string{"own.toml": text})
	again, own2 := config.DefaultSettings(), daemonConfig{}
	if _, err := config.Load(config.Sources{Own: dir + "/own.toml"}, &again, &own2); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings, again, equal); diff != "" {
		t.Errorf("settings: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(own, own2, equal); diff != "" {
		t.Errorf("own: (-want +got)\n%s", diff)
	}
}

// Lists of tables are printed as such, last, with what is set in them alone.
func TestReportOfTables(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"own.toml": "[[rule]]\nfrom = \"a\"\n\n[[rule]]\nfrom = \"b\"\ntimeout = \"5s\"\n"})
	settings, own := config.DefaultSettings(), defaults()
	report, err := config.Load(config.Sources{Own: dir + "/own.toml"}, &settings, &own)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := report.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(b.String(), "\n\n")
	want := "[[rule]]  # own.toml:1\nfrom = \"a\"\n\n[[rule]]  # own.toml:4\nfrom = \"b\"\ntimeout = \"5s\"\n"
	if diff := cmp.Diff(want, strings.ReplaceAll(tables, dir+"/", "")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
