package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/config"
)

func TestMissingAndUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct {
		name string
		src  config.Sources
		want []string
	}{
		{"missing files are passed over", config.Sources{Shared: []string{dir + "/a"}, Own: dir + "/b"}, nil},
		{"unless one was named", config.DaemonSources("nameserver", dir+"/b", nil), []string{"b: no such file or directory"}},
		{"a directory", config.Sources{Own: dir}, []string{dir + ": not a regular file"}},
	} {
		settings := config.DefaultSettings()
		tt.src.Shared = nil // not those of the machine
		_, err := config.Load(tt.src, &settings)
		if diff := cmp.Diff(tt.want, problems(err, dir)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"posttroll.yaml": "backend: secure_zmq\n", "notes.txt": ""})
	settings := config.DefaultSettings()
	report, err := config.Load(config.Sources{Shared: []string{dir + "/posttroll.toml"}}, &settings)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{dir + "/posttroll.yaml: only Python programs read this file; what it sets for all programs belongs into " + dir + "/posttroll.toml too"}
	if diff := cmp.Diff(want, warnings(report)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
