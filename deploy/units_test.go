// Package deploy holds what is installed beside the programs. It has tests alone.
package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// maxExposure is what "systemd-analyze security" may say of a unit at most, in tenths: it goes from 0 to 100.
const maxExposure = 15

// analyze finds the tool that tests of units need.
func analyze(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		testbed.Unavailable(t, "%v", err)
	}
	return path
}

// units returns copies of all units, by which each can be looked at where the programs are not installed: templates as an instance.
func units(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("systemd/*.service")
	if err != nil || len(files) < 3 {
		t.Fatalf("units: %q, %v", files, err)
	}
	dir := t.TempDir()
	copies := make(map[string]string)
	program := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/\w+`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !program.Match(text) {
			t.Errorf("%s starts no program of /usr/bin", file)
		}
		name := filepath.Base(file)
		path := filepath.Join(dir, strings.Replace(name, "@.", "@wan.", 1))
		if err := os.WriteFile(path, program.ReplaceAll(text, []byte("ExecStart=/bin/true")), 0o644); err != nil {
			t.Fatal(err)
		}
		copies[name] = path
	}
	return copies
}

func TestUnitsAreValid(t *testing.T) {
	t.Parallel()
	tool := analyze(t)
	for name, path := range units(t) {
		out, err := exec.CommandContext(t.Context(), tool, "verify", "--man=no", path).CombinedOutput()
		if err != nil || strings.Contains(string(out), filepath.Base(path)) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// A unit of sockets is valid beside the service that it starts.
func TestSocketsAreValid(t *testing.T) {
	t.Parallel()
	tool := analyze(t)
	dir := filepath.Dir(units(t)["posttroll-nameserver.service"])
	files, err := filepath.Glob("systemd/*.socket")
	if err != nil || len(files) == 0 {
		t.Fatalf("units: %q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), tool, "verify", "--man=no", path).CombinedOutput()
		if err != nil || strings.Contains(string(out), filepath.Base(path)) {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}

func TestUnitsAreConfined(t *testing.T) {
	t.Parallel()
	tool := analyze(t)
	for name, path := range units(t) {
		out, err := exec.CommandContext(t.Context(), tool, "security", "--offline=true", "--no-pager",
			"--threshold="+strconv.Itoa(maxExposure), path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// What no tool looks at: the manners that all units have in common.
func TestUnitsHaveOneManner(t *testing.T) {
	t.Parallel()
	for name, path := range units(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		original, err := os.ReadFile(filepath.Join("systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		start := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindSubmatch(original)
		for _, line := range []string{
			`ExecReload=/bin/sh -c "` + string(start[1]) + ` --check --no-keys >/dev/null && kill -HUP $MAINPID"`,
			"Type=notify", "NotifyAccess=main", "StartLimitIntervalSec=0", "RestartSec=2", "Restart=on-failure", "RestartPreventExitStatus=2 78",
			"WatchdogSec=30", "DynamicUser=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK", "SystemCallFilter=sched_setscheduler",
		} {
			if !strings.Contains("\n"+string(text), "\n"+line+"\n") {
				t.Errorf("%s lacks %s", name, line)
			}
		}
	}
}
