package config_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pytroll/posttroll-go/pkg/config"
)

// daemonConfig is a daemon's own struct.
type daemonConfig struct {
	// The same key as a shared setting.
	Port   int           `toml:"nameserver_port"`
	MaxAge time.Duration `toml:"max_age"`
	Bind   []string      `toml:"bind"`
	Ratio  float64       `toml:"ratio"`
	Limits struct {
		Total   int  `toml:"total"`
		PerHost uint `toml:"per_host"`
	} `toml:"limits"`
	Rules    []rule            `toml:"rule"`
	Labels   map[string]string `toml:"labels"`
	Optional *int              `toml:"optional"`
	NoKey    int
}

type rule struct {
	From    string        `toml:"from"`
	Timeout time.Duration `toml:"timeout"`
}

// ownError is an error that knows its setting, as other packages make them without importing config.
type ownError struct{ key string }

func (e ownError) Error() string     { return "is too small" }
func (e ownError) ConfigKey() string { return e.key }
func (e ownError) HintText() string  { return "use more" }

func (c *daemonConfig) Validate() error {
	var errs []error
	if c.MaxAge < time.Second {
		errs = append(errs, ownError{"max_age"})
	}
	if c.Ratio < 0 {
		errs = append(errs, errors.New("ratio is negative"))
	}
	return errors.Join(errs...)
}

func defaults() daemonConfig {
	c := daemonConfig{Port: 5557, MaxAge: 10 * time.Minute, Bind: []string{"*"}}
	c.Limits.Total = 1000
	return c
}

var equal = cmp.Options{cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()}

// write makes files in a directory of their own and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	// Each source sets the backend of all that come later too; want is the last.
	shared := "backend = \"secure_zmq\"\nmc_ttl = 1\nmc_group = \"224.1.1.1\"\n"
	own := "mc_ttl = 2\nmax_age = \"1h\"\nnameserver_port = 7000\nbind = [\"127.0.0.1\"]\n[limits]\nper_host = 7\n"
	dir := write(t, map[string]string{"posttroll.toml": shared, "nameserver.toml": own})
	src := config.Sources{
		Shared: []string{filepath.Join(dir, "posttroll.toml"), filepath.Join(dir, "missing.toml")},
		Own:    filepath.Join(dir, "nameserver.toml"),
		Environ: []string{
			"PYTROLL_MC_GROUP=224.9.9.9", // below files
			"NAMESERVER_PORT=6000",
			"POSTTROLL_MC_TTL=3",
			"PYTROLL_MC_TTL=9",
			"POSTTROLL_MAX_AGE=2h",
			"POSTTROLL_PUB_MIN_PORT=50000",
			"HOME=/nonexistent",
		},
		Flags: []config.Flag{{Name: "--max-age", Key: "max_age", Value: 3 * time.Hour}},
	}
	settings, own2 := config.DefaultSettings(), defaults()
	report, err := config.Load(src, &settings, &own2)
	if err != nil {
		t.Fatal(err)
	}
	wantSettings := config.DefaultSettings()
	wantSettings.Backend = config.Secure
	wantSettings.MulticastTTL = 3
	wantSettings.MulticastGroup = "224.1.1.1"
	wantSettings.NameserverPort = 7000
	wantSettings.PubMinPort = 50000
	if diff := cmp.Diff(wantSettings, settings, equal); diff != "" {
		t.Errorf("settings: (-want +got)\n%s", diff)
	}
	want := defaults()
	want.Port = 7000
	want.MaxAge = 3 * time.Hour
	want.Bind = []string{"127.0.0.1"}
	want.Limits.PerHost = 7
	if diff := cmp.Diff(want, own2, equal); diff != "" {
		t.Errorf("own: (-want +got)\n%s", diff)
	}
	for key, want := range map[string]string{
		"backend":         dir + "/posttroll.toml:1",
		"mc_ttl":          "POSTTROLL_MC_TTL",
		"nameserver_port": dir + "/nameserver.toml:3",
		"max_age":         "--max-age",
		"limits":          dir + "/nameserver.toml:5",
		"pub_max_port":    "default",
	} {
		if got := report.Origin(key).String(); got != want {
			t.Errorf("origin of %s: got %s, want %s", key, got, want)
		}
	}
	wantWarnings := []string{
		"NAMESERVER_PORT: old name of a setting; use POSTTROLL_NAMESERVER_PORT",
		"PYTROLL_MC_GROUP: old name of a setting; use POSTTROLL_MC_GROUP",
	}
	if diff := cmp.Diff(wantWarnings, warnings(report)); diff != "" {
		t.Errorf("warnings: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{src.Shared[0], src.Own}, report.Files); diff != "" {
		t.Errorf("files: (-want +got)\n%s", diff)
	}
}

func warnings(r *config.Report) []string {
	var all []string
	for _, w := range r.Warnings {
		all = append(all, w.String())
	}
	return all
}
