package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// activation is a service manager that has bound the ports of nameserverd (sd_listen_fds(3)).
type activation struct {
	program string
	environ []string
	ports   []int      // of lookups, feed and registrations
	sockets []*os.File // that are handed over
}

// activate binds n ports at an address.
func activate(t *testing.T, n int) *activation {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	// This program is nameserverd under that name.
	a := &activation{program: filepath.Join(t.TempDir(), program)}
	check(t, os.Symlink(self, a.program))
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		a.ports = append(a.ports, l.Addr().(*net.TCPAddr).Port)
		f, err := l.(*net.TCPListener).File()
		check(t, err)
		check(t, l.Close())
		a.sockets = append(a.sockets, f)
		t.Cleanup(func() { check(t, f.Close()) })
	}
	a.environ = []string{
		"PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0", "POSTTROLL_BIND_ADDRESSES=127.0.0.1", "POSTTROLL_FEED_ADDRESS=127.0.0.1",
		fmt.Sprint("LISTEN_FDS=", n), "LISTEN_FDNAMES=" + strings.Repeat(":posttroll-nameserver.socket", n)[1:],
	}
	for i, name := range []string{"NAMESERVER_PORT", "ADDRESS_PUBLISH_PORT", "BROADCAST_PORT"} {
		a.environ = append(a.environ, fmt.Sprintf("POSTTROLL_%s=%d", name, a.ports[min(i, n-1)]))
	}
	return a
}

// command is nameserverd with the sockets. Its pid, which LISTEN_PID has to be, is that of the shell before.
func (a *activation) command(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, a.program}, args...)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.ExtraFiles, cmd.Stderr = a.environ, a.sockets, &stderr
	return cmd, &stderr
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// With sockets of the service manager nobody is refused while the nameserver restarts, also not while none runs.
func TestRestartRefusesNobody(t *testing.T) {
	t.Parallel()
	a := activate(t, 3)
	network, err := zmq.New(zmq.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, network.Close()) })

	stop := make(chan struct{})
	var clients sync.WaitGroup
	for _, port := range a.ports {
		clients.Go(func() {
			for {
				conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
				if err != nil {
					t.Errorf("refused: %v", err)
					return
				}
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	for range 3 {
		cmd, stderr := a.command(t.Context(), "--no-multicast")
		check(t, cmd.Start())
		a.answers(t, network)
		check(t, cmd.Process.Signal(syscall.SIGTERM))
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, stderr)
		}
		if !strings.Contains(stderr.String(), `"handed_over":true`) {
			t.Errorf("not told in the log:\n%s", stderr)
		}
	}
	close(stop)
	clients.Wait()
}

// answers waits for a lookup that finds the change feed at its port.
func (a *activation) answers(t *testing.T, network *zmq.Transport) {
	t.Helper()
	at, err := discovery.NameserverAddress("127.0.0.1", a.ports[0])
	check(t, err)
	lookup := discovery.LookupConfig{Nameservers: []transport.Address{at}, Transport: network}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	found, err := discovery.Lookup(ctx, lookup, "addresses")
	check(t, err)
	want := fmt.Sprintf("tcp://127.0.0.1:%d", a.ports[1])
	if len(found) != 1 || found[0].URI != want {
		t.Errorf("the change feed is at %v, want %s", found, want)
	}
}

// Sockets that differ from the settings are bad configuration.
func TestSocketsAndSettingsHaveToAgree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		sockets int
		environ []string
		want    []string // each in the errors
	}{
		{"one is missing", 2, nil, []string{"POSTTROLL_BROADCAST_PORT"}},
		{"another port", 3, []string{"POSTTROLL_NAMESERVER_PORT=5999"}, []string{
			"error: POSTTROLL_NAMESERVER_PORT: the service manager hands over sockets, but none for tcp://127.0.0.1:5999\n",
			"error: the service manager hands over a socket at 127.0.0.1:", "and nothing is to be served at that port\n",
		}},
		{"another address", 3, []string{"POSTTROLL_BIND_ADDRESSES=*"}, []string{"but none for tcp://*:", "is to be bound at * alone\n"}},
		{"one too many", 4, nil, []string{"and nothing is to be served at that port\nhint: the settings want these sockets, and no others: [Socket] ListenStream= ListenStream=127.0.0.1:"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := activate(t, tt.sockets)
			if tt.sockets == 2 {
				a.environ = append(a.environ, "POSTTROLL_BROADCAST_PORT=21999")
			}
			a.environ = slices.Concat(a.environ, tt.environ)
			cmd, stderr := a.command(t.Context(), "--no-multicast", "-l", filepath.Join(t.TempDir(), "log.json"))
			_ = cmd.Run() // its status follows
			if got := cmd.ProcessState.ExitCode(); got != 78 {
				t.Errorf("status %d, want 78", got)
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("standard error lacks %q:\n%s", want, stderr)
				}
			}
		})
	}
}
