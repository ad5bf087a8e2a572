package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/config"
)

func FuzzLoad(f *testing.F) {
	f.Add([]byte("backend = \"secure_zmq\"\nmax_age = \"10m\"\n"), "POSTTROLL_MC_TTL=3")
	f.Add([]byte("limits.total = 3\n[[rule]]\nfrom = 'a'\n"), "POSTTROLL_RULE=[{'from': 'a', 'timeout': '5s'}]")
	f.Add([]byte("rule = [{from = \"a\"}, {}]\nlabels = {a = 1}\n"), "POSTTROLL_LIMITS={'total': 5}")
	f.Add([]byte("a.b.c = 1\n[a.d]\n\"\" = 1"), "POSTTROLL_OPTIONAL=None")
	f.Add([]byte("bind = [\n 'a', # b\n \"\"\"c\nd\"\"\"]"), "POSTTROLL_BIND='a' 'b', 'c'")
	f.Fuzz(func(t *testing.T, file []byte, variable string) {
		path := filepath.Join(t.TempDir(), "own.toml")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		settings, own := config.DefaultSettings(), defaults()
		report, err := config.Load(config.Sources{Own: path, Environ: []string{variable}}, &settings, &own)
		var b strings.Builder
		if _, werr := report.WriteTo(&b); werr != nil {
			t.Fatal(werr)
		}
		if err != nil {
			return
		}
		if err := settings.Validate(); err != nil {
			t.Errorf("loaded without an error, but %v", err)
		}
	})
}
