package daemon_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// These tests change the environment and so do not run beside others.

// notifySocket takes the place of the service manager, and returns a function that waits for what it is told next.
func notifySocket(t *testing.T) (told func() string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pt") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	socket := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", socket)
	return func() string {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 4096)
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

func TestSystemdNotifier(t *testing.T) {
	told := notifySocket(t)
	t.Setenv("WATCHDOG_USEC", "60000000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	n, err := daemon.SystemdNotifier()
	if err != nil {
		t.Fatal(err)
	}
	if n.Watchdog != time.Minute {
		t.Errorf("watchdog: got %s", n.Watchdog)
	}
	if err := n.Send("READY=1"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("READY=1", told()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWaiting(t *testing.T) {
	told := notifySocket(t)
	n, err := daemon.SystemdNotifier()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Waiting("address 192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("STATUS=waiting for address 192.0.2.1\nEXTEND_TIMEOUT_USEC=30000000", told()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The reason of a failure stands in the line of status, on one line that is not too long.
func TestFailingTellsWhy(t *testing.T) {
	told := notifySocket(t)
	for _, tt := range []struct {
		name, want string
		err        error
	}{
		{"one", "STATUS=bind tcp://*:1: in use", errors.New("bind tcp://*:1: in use")},
		{"several", "STATUS=a; b; c", daemon.BadConfig(errors.Join(errors.New("a"), daemon.Hint(errors.New("b"), "h"), errors.New("c")))},
		{"in lines", "STATUS=a b READY=1", errors.New("a\nb\nREADY=1")},
		{"too long", "STATUS=" + strings.Repeat("ö", 499), errors.New(strings.Repeat("ö", 499) + "…" + strings.Repeat("ö", 5000))},
	} {
		if err := daemon.Failing(t.Context(), tt.err, nil); err != tt.err {
			t.Errorf("%s: returned %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, told()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

// Sockets that the service manager holds would start it again at once, until they are given up.
func TestFailingStaysForItsSockets(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	failed, held := errors.New("failed"), []daemon.Listener{{}}
	for _, tt := range []struct {
		name      string
		limit     time.Duration // after which it is stopped
		err       error
		listeners []daemon.Listener
		want      time.Duration
	}{
		{"held", time.Hour, failed, held, 2 * time.Second},
		{"bound by itself", time.Hour, failed, nil, 0},
		{"stopped", time.Second, failed, held, time.Second},
		{"no failure", time.Hour, nil, held, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), tt.limit)
			defer stop()
			began := time.Now()
			if err := daemon.Failing(ctx, tt.err, tt.listeners); err != tt.err {
				t.Errorf("%s: returned %v", tt.name, err)
			}
			if got := time.Since(began); got != tt.want {
				t.Errorf("%s: stayed for %s, want %s", tt.name, got, tt.want)
			}
		})
	}
}

func TestNoServiceManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	n, err := daemon.SystemdNotifier()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Send("READY=1"); err != nil || n.Watchdog != 0 {
		t.Errorf("got %v, watchdog %s", err, n.Watchdog)
	}
}

func TestBadWatchdog(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "soon")
	if _, err := daemon.SystemdNotifier(); err == nil {
		t.Error("nonsense was taken")
	}
}
