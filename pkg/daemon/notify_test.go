package daemon_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// These tests change the environment and so do not run beside others.

func TestSystemdNotifier(t *testing.T) {
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
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
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
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	read, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("READY=1", string(buf[:read])); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
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
