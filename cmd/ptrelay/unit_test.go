package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/relay"
)

// The units let the relay stop in its own time, and have the control socket where commands look for it.
func TestUnits(t *testing.T) {
	t.Parallel()
	for file, config := range map[string]string{"posttroll-relay.service": "", "posttroll-relay@.service": instancesPath + "/wan.toml"} {
		bytes, err := os.ReadFile("../../deploy/systemd/" + file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(bytes), "%i", "wan")
		in := instanceOf(config)
		if limit := setting(t, text, "TimeoutStopSec") + "s"; mustDuration(t, limit) <= longestStop {
			t.Errorf("%s: TimeoutStopSec is %s, the relay may take %s", file, limit, longestStop)
		}
		if dir := "/run/" + setting(t, text, "RuntimeDirectory"); dir != filepath.Dir(in.unitSocket()) {
			t.Errorf("%s: runtime directory %s, commands look for %s", file, dir, in.unitSocket())
		}
		command := "/usr/bin/ptrelay"
		if config != "" {
			command += " --config " + config
		}
		if got := setting(t, text, "ExecStart"); got != command {
			t.Errorf("%s starts %q, want %q", file, got, command)
		}
		if want := strings.Replace(file, "@", "@wan", 1); in.unit != want {
			t.Errorf("-d drives %s, want %s", in.unit, want)
		}
	}
	cfg := relay.DefaultConfig()
	cfg.StopLimit = time.Minute
	if err := cfg.Validate(); err != nil || stopLimit(&settled{own: cfg}) != longestStop {
		t.Errorf("%s is not the longest a relay may take to stop: %v", longestStop, err)
	}
	cfg.StopLimit++
	if err := cfg.Validate(); err == nil {
		t.Error("stop_limit may be longer than a minute")
	}
}

func setting(t *testing.T, text, key string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + key + `=(.*)$`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no %s", key)
	}
	return found[1]
}

func mustDuration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
