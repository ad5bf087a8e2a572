package daemon

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func TestChildArgs(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args, log string
		want      []string
	}{
		{"-d start", "/logs/x.log", []string{"--log=/logs/x.log"}},
		{"-d start -l mine.log -c x.toml -v", here + "/mine.log", []string{"--config=" + here + "/x.toml", "--log=" + here + "/mine.log", "--verbose=true"}},
		{"--daemon=restart --host a,b --host c -- -x", "/logs/x.log", []string{"--host=a", "--host=b", "--host=c", "--log=/logs/x.log", "--", "-x"}},
	}
	for _, tt := range tests {
		var f Flags
		cmd := &cobra.Command{Use: "x"}
		flags := cmd.Flags()
		f.Register(flags, "/etc/x.toml")
		f.RegisterDaemon(cmd)
		flags.StringSlice("host", nil, "")
		if err := flags.Parse(strings.Fields(tt.args)); err != nil {
			t.Fatal(err)
		}
		got, log, err := childArgs(flags, func() (string, error) { return "/logs/x.log", nil })
		if err != nil || log != tt.log {
			t.Errorf("%s: got log %s, error %v, want %s", tt.args, log, err, tt.log)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.args, diff)
		}
	}
}

func TestOwnDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mkdir := func(name string, perm os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, perm); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, perm); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(mkdir("target", 0o700), link); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ path, want string }{
		{filepath.Join(dir, "new"), ""},
		{mkdir("mine", 0o755), ""},
		{mkdir("open", 0o777), "runtime directory: others may write to " + dir + "/open"},
		{mkdir("group", 0o770), "runtime directory: others may write to " + dir + "/group"},
		{file, "runtime directory: " + file + " is no directory"},
		{link, "runtime directory: " + link + " is no directory"},
		{dir + "/none/below", "runtime directory: mkdir " + dir + "/none/below: no such file or directory"},
	}
	for _, tt := range tests {
		got := ""
		if err := ownDirectory(tt.path, 0o700); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.path, got, tt.want)
		}
	}
}

func TestPIDFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.pid")
	open := func() pidFile {
		f, err := openPIDFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() }) // some are closed before
		return f
	}
	first, second := open(), open()
	if held, err := second.locked(); held || err != nil {
		t.Fatalf("locked before: %t, %v", held, err)
	}
	if free, err := first.lock(); !free || err != nil {
		t.Fatalf("first lock: %t, %v", free, err)
	}
	if free, err := second.lock(); free || err != nil {
		t.Fatalf("second lock: %t, %v", free, err)
	}
	for _, want := range []int{0, 123456, 7, 0} {
		if err := first.write(want); err != nil {
			t.Fatal(err)
		}
		if got, since, err := second.read(); got != want || err != nil || time.Since(since) > time.Minute {
			t.Errorf("got %d, %s, %v, want %d", got, since, err, want)
		}
	}
	if held, err := second.locked(); !held || err != nil {
		t.Errorf("locked: %t, %v", held, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if held, err := second.locked(); held || err != nil {
		t.Errorf("locked after: %t, %v", held, err)
	}
	for _, text := range []string{"x", "-5", "1", "0"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := second.read(); err == nil {
			t.Errorf("%q was taken for a process", text)
		}
	}
}

func TestProcessWait(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := openProcess(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := p.wait(t.Context(), time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("limit: got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	time.AfterFunc(time.Millisecond, func() { cancel(stopped) })
	if err := p.wait(ctx, time.Hour); !errors.Is(err, stopped) {
		t.Errorf("cancelled: got %v", err)
	}
	if err := p.signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(t.Context(), 20*time.Second); err != nil {
		t.Errorf("after its end: got %v", err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("sleep was not ended")
	}
	if err := p.signal(unix.SIGTERM); err != nil {
		t.Errorf("signal to what has ended: %v", err)
	}
}

func TestUnitState(t *testing.T) {
	t.Parallel()
	at := time.UnixMicro(1_700_000_000_000_000)
	tests := []struct {
		name  string
		props map[string]any
		want  UnitState
	}{
		{"running", map[string]any{
			"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "MainPID": uint32(5), "StatusText": "3 publishers",
			"TriggeredBy":          []string{"x.socket"},
			"ActiveEnterTimestamp": uint64(at.UnixMicro()), "StateChangeTimestamp": uint64(at.UnixMicro() + 5),
		}, UnitState{Load: "loaded", Active: "active", Sub: "running", PID: 5, Status: "3 publishers", Since: at, TriggeredBy: []string{"x.socket"}}},
		{"stopped", map[string]any{
			"LoadState": "loaded", "ActiveState": "inactive", "SubState": "dead", "MainPID": uint32(0),
			"ActiveEnterTimestamp": uint64(5), "StateChangeTimestamp": uint64(at.UnixMicro()),
		}, UnitState{Load: "loaded", Active: "inactive", Sub: "dead", Since: at}},
		{"nothing, and other types", map[string]any{"LoadState": 5, "MainPID": "x", "StateChangeTimestamp": uint64(0)}, UnitState{}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, unitState(tt.props)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	info := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef"}
	modified := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for _, tt := range []struct {
		linked string
		info   *debug.BuildInfo
		want   string
	}{
		{"", info("v1.2.3"), "v1.2.3 ("},
		{"", info("(devel)", revision), "development (0123456789ab, "},
		{"1.2.3", info("v9", revision, modified), "1.2.3 (0123456789ab with changes, "},
		{"", info(""), "development ("},
	} {
		if got := versionOf(tt.linked, tt.info); !strings.HasPrefix(got, tt.want) || !strings.HasSuffix(got, ")") {
			t.Errorf("got %s, want %s…", got, tt.want)
		}
	}
}
