package examples

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// site is a nameserver on ports of its own, and the environment in which programs find it.
type site struct {
	bin     string
	environ []string
}

// newSite builds the examples and starts a nameserver.
func newSite(t *testing.T) site {
	t.Helper()
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "./listener", "./secure", "./publish_nameservers", "./subscribe", "./keepalive").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cfg := nameserver.DefaultConfig()
	cfg.NameserverPort, cfg.AddressPublishPort = testbed.FreePort(t), testbed.FreePort(t)
	cfg.BroadcastPort = testbed.FreeUDPPort(t)
	cfg.BindAddresses = []string{"127.0.0.1"}
	serve(t, cfg)

	home := t.TempDir() // so that settings of whoever runs the test don't count
	return site{bin, append(os.Environ(),
		"HOME="+home, "XDG_CONFIG_HOME="+home,
		"POSTTROLL_MULTICAST_INTERFACE=127.0.0.1",
		fmt.Sprintf("POSTTROLL_NAMESERVER_PORT=%d", cfg.NameserverPort),
		fmt.Sprintf("POSTTROLL_ADDRESS_PUBLISH_PORT=%d", cfg.AddressPublishPort),
		fmt.Sprintf("POSTTROLL_BROADCAST_PORT=%d", cfg.BroadcastPort),
	)}
}

// serve runs a nameserver until the test ends.
func serve(t *testing.T, cfg nameserver.Config) {
	t.Helper()
	network, err := zmq.New(zmq.Options{})
	must(t, err)
	group := multicast.DefaultConfig()
	group.Port, group.Interface = cfg.BroadcastPort, netip.MustParseAddr("127.0.0.1")
	receiver, err := multicast.Listen(group)
	must(t, err)
	sender, err := multicast.NewSender(group)
	must(t, err)
	server, err := nameserver.New(cfg, nameserver.Options{Transport: network, Receiver: receiver, Sender: sender, Logger: zaptest.NewLogger(t)})
	must(t, err)
	must(t, server.Listen(t.Context()))
	done := make(chan error)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { done <- server.Run(ctx, nameserver.Hooks{}) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-done)
		for _, c := range []interface{ Close() error }{server, sender, receiver, network} {
			must(t, c.Close())
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s site) start(t *testing.T, name string, args ...string) *testbed.Process {
	t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Env = s.environ
	return testbed.Start(t, cmd)
}

func expectStatus(t *testing.T, p *testbed.Process, want int) {
	t.Helper()
	if got := p.Wait(); got != want {
		t.Errorf("%s ended with status %d, want %d", filepath.Base(p.Cmd.Path), got, want)
	}
}

func TestExamplesRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	t.Run("listener", func(t *testing.T) {
		t.Parallel()
		p := s.start(t, "listener")
		next := 0
		for i := range 5 {
			_, next = p.WaitLine(next, "received pytroll://counter info", fmt.Sprintf("text/ascii %d", i))
		}
		expectStatus(t, p, 0)
	})
	t.Run("publish_nameservers and subscribe", func(t *testing.T) {
		t.Parallel()
		subscriber := s.start(t, "subscribe")
		publisher := s.start(t, "publish_nameservers")
		next := 0
		for i := range 5 {
			_, next = subscriber.WaitLine(next, "pytroll://counter info", fmt.Sprintf(`{"counter": %d}`, i))
		}
		expectStatus(t, publisher, 0)
		must(t, subscriber.Cmd.Process.Signal(syscall.SIGINT))
		expectStatus(t, subscriber, 0)
	})
	t.Run("keepalive without an address", func(t *testing.T) {
		t.Parallel()
		p := s.start(t, "keepalive")
		p.WaitLine(0, "usage: keepalive URI [URI]")
		expectStatus(t, p, 1)
	})
}
