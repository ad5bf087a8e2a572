package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/spf13/pflag"
)

const unitName = "testd.service"

// services is a system manager with one unit.
type services struct {
	state  daemon.UnitState
	fail   error
	calls  []string
	closed bool
}

func (s *services) Unit(_ context.Context, name string) (daemon.UnitState, error) {
	switch name {
	case unitName:
		return s.state, nil
	case "held.socket":
		return daemon.UnitState{Load: "loaded", Active: "active", Sub: "listening"}, nil
	}
	return daemon.UnitState{Load: "not-found", Active: "inactive"}, nil
}

func (s *services) Start(_ context.Context, name string) error {
	return s.do("start", name, daemon.UnitState{Load: "loaded", Active: "active", Sub: "running", PID: 7, Since: time.Now()})
}

func (s *services) Stop(_ context.Context, name string) error {
	return s.do("stop", name, daemon.UnitState{Load: "loaded", Active: "inactive", Sub: "dead"})
}

func (s *services) Restart(_ context.Context, name string) error {
	return s.do("restart", name, daemon.UnitState{Load: "loaded", Active: "active", Sub: "running", PID: 8, Since: time.Now()})
}

func (s *services) do(verb, name string, state daemon.UnitState) error {
	s.calls = append(s.calls, verb+" "+name)
	if s.fail == nil {
		s.state = state
	}
	return s.fail
}

func (s *services) Close() { s.closed = true }

func TestUnit(t *testing.T) {
	t.Parallel()
	hour := time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC) // one before the time in a bubble
	day := hour.Local().Format("2006-01-02 15:04:05")
	dead := daemon.UnitState{Load: "loaded", Active: "inactive", Sub: "dead"}
	running := daemon.UnitState{Load: "loaded", Active: "active", Sub: "running", PID: 5, Since: hour, Status: "3 publishers"}
	failed := daemon.UnitState{Load: "loaded", Active: "failed", Sub: "failed", Since: hour}
	restarting := daemon.UnitState{Load: "loaded", Active: "activating", Sub: "auto-restart", Since: hour, Status: "bind tcp://*:1: in use"}
	triggered := func(u daemon.UnitState) daemon.UnitState {
		u.TriggeredBy = []string{"stopped.socket", "held.socket"}
		return u
	}
	const trigger = "held.socket starts it as soon as somebody connects; to end that, too: systemctl stop held.socket testd.service\n"
	tests := []struct {
		name   string
		args   string
		state  daemon.UnitState
		fail   error
		status int
		out    string // standard output and then standard error
		calls  []string
	}{
		{"start", "-d start", dead, nil, 0, "testd.service started, pid 7\n", []string{"start testd.service"}},
		{"start what runs", "-d start", running, nil, 0, "testd.service runs already, pid 5\n", nil},
		{"start fails", "-d start", dead, errors.New("start testd.service: no"), 1,
			"error: start testd.service: no\nhint: systemctl status testd.service may tell more\n", []string{"start testd.service"}},
		{"stop", "-d stop", running, nil, 0, "testd.service stopped\n", []string{"stop testd.service"}},
		{"stop what does not run", "-d stop", failed, nil, 0, "testd.service does not run\n", nil},
		{"stop what a socket starts", "-d stop", triggered(running), nil, 0, "testd.service stopped\n" + trigger, []string{"stop testd.service"}},
		{"stop what a socket would start", "-d stop", triggered(dead), nil, 0, "testd.service does not run\n" + trigger, nil},
		{"stop what fails time and again", "-d stop", restarting, nil, 0, "testd.service stopped\n", []string{"stop testd.service"}},
		{"restart", "-d restart", running, nil, 0, "testd.service restarted, pid 8\n", []string{"restart testd.service"}},
		{"status", "-d status", running, nil, 0, "testd.service is active (running) since " + day + " (1h0m0s), pid 5: 3 publishers\n", nil},
		{"status of what does not run", "-d status", dead, nil, 3, "testd.service is inactive (dead)\n", nil},
		{"status of what failed", "-d status", failed, nil, 3, "testd.service is failed (failed) since " + day + " (1h0m0s)\n", nil},
		{"status of what fails time and again", "-d status", restarting, nil, 3,
			"testd.service is activating (auto-restart) since " + day + " (1h0m0s): bind tcp://*:1: in use\n", nil},
		{"start fails and says why", "-d start", restarting, fmt.Errorf("start testd.service: %w", daemon.ErrJob), 1,
			"error: start testd.service: systemd's job: bind tcp://*:1: in use\nhint: journalctl -eu testd.service tells why\n", []string{"start testd.service"}},
		{"masked", "-d start", daemon.UnitState{Load: "masked"}, nil, 1,
			"error: testd.service is masked\nhint: systemctl unmask testd.service\n", nil},
		{"broken", "-d start", daemon.UnitState{Load: "bad-setting"}, nil, 1,
			"error: testd.service can't be used: it is \"bad-setting\"\nhint: systemctl status testd.service\n", nil},
		{"other flags", "-d start --verbose", dead, nil, 2,
			"error: --verbose has no effect on testd.service, which has its own command line\nhint: set it in /etc/posttroll/testd.toml\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &services{state: tt.state, fail: tt.fail}
			var out, errOut strings.Builder
			var status int
			synctest.Test(t, func(t *testing.T) {
				status = daemon.Execute(t.Context(), newCommand(controlEnv(t), s), strings.Fields(tt.args), &out, &errOut)
			})
			if status != tt.status {
				t.Errorf("got status %d, want %d", status, tt.status)
			}
			if diff := cmp.Diff(tt.out, out.String()+errOut.String()); diff != "" {
				t.Errorf("output: (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.calls, s.calls); diff != "" {
				t.Errorf("calls: (-want +got)\n%s", diff)
			}
			if !s.closed {
				t.Error("the connection was left open")
			}
		})
	}
}

// A unit that is an instance has the flags that say which; and one without a unit is a process wherever it runs.
func TestUnitOfAnInstance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, unit string
		unitFlags  []string
		want       string
	}{
		{"its own flag", unitName, []string{"config"}, "testd.service is inactive (dead)\n"},
		{"another flag", unitName, nil, "error: --config has no effect on testd.service, which has its own command line\nhint: set it in one.toml\n"},
		{"no unit", "", nil, "testd-one does not run\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// Each has its own: flags sort themselves when they are looked at.
			flags := pflag.NewFlagSet("testd", pflag.ContinueOnError)
			flags.String("config", "", "")
			if err := flags.Parse([]string{"--config", "one.toml"}); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			s := &services{state: daemon.UnitState{Load: "loaded", Active: "inactive", Sub: "dead"}}
			err := daemon.Control{
				Name: "testd-one", Program: "testd", Unit: tt.unit, UnitFlags: tt.unitFlags, File: "one.toml", Environ: controlEnv(t), Stdout: &out, Stderr: &out,
				Services: func(context.Context) (daemon.Services, error) { return s, nil },
			}.Do(t.Context(), daemon.Query, flags)
			daemon.Fail(&out, err)
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// controlEnv is an environment with directories of the test's own.
func controlEnv(t *testing.T) []string {
	t.Helper()
	return []string{"RUNTIME_DIRECTORY=" + t.TempDir(), "LOGS_DIRECTORY=" + t.TempDir()}
}

// A process that was started before the unit was installed is found: no second one is started, and it can be stopped.
func TestUnitBesideAProcess(t *testing.T) {
	t.Parallel()
	env := controlEnv(t)
	dir, _ := strings.CutPrefix(env[0], "RUNTIME_DIRECTORY=")
	held := exec.CommandContext(t.Context(), "sleep", "60")
	release := daemon.HoldPIDFile(t, dir+"/testd.pid", held)
	defer release()

	s := &services{state: daemon.UnitState{Load: "loaded", Active: "inactive", Sub: "dead"}}
	do := func(args string) (int, string) {
		var out strings.Builder
		return daemon.Execute(t.Context(), newCommand(env, s), strings.Fields(args), &out, &out), out.String()
	}
	if status, out := do("-d start"); status != 1 || !strings.Contains(out, "error: testd runs already without testd.service, pid ") {
		t.Errorf("start: got %d %s", status, out)
	}
	if status, out := do("-d status"); status != 0 || !strings.HasPrefix(out, "testd runs since ") {
		t.Errorf("status: got %d %s", status, out)
	}
	if status, out := do("-d restart"); status != 0 || !strings.HasPrefix(out, "testd stopped, pid ") ||
		!strings.HasSuffix(out, "testd.service restarted, pid 8\n") {
		t.Errorf("restart: got %d %s", status, out)
	}
	if diff := cmp.Diff([]string{"restart testd.service"}, s.calls); diff != "" {
		t.Errorf("calls: (-want +got)\n%s", diff)
	}
}

func TestNoUnitIsAProcess(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := &services{state: daemon.UnitState{Load: "not-found", Active: "inactive"}}
	status := daemon.Execute(t.Context(), newCommand(controlEnv(t), s), []string{"-d", "status"}, &out, &out)
	if status != 3 || out.String() != "testd does not run\n" {
		t.Errorf("got %d %s", status, out.String())
	}
}

func TestManagerDoesNotAnswer(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := daemon.Control{
		Name: "testd", Unit: unitName, Environ: controlEnv(t), Stdout: &out, Stderr: &out,
		Services: func(context.Context) (daemon.Services, error) { return nil, errors.New("connect to systemd: refused") },
	}.Do(t.Context(), daemon.Query, newCommand(nil, nil).Flags())
	if err == nil || err.Error() != "connect to systemd: refused" {
		t.Errorf("got %v", err)
	}
}
