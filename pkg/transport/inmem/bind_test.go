package inmem_test

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

func TestBindErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		bound   string
		backend transport.Backend
		bind    string
		want    error
		text    string
	}{
		{"same", "tcp://*:9000", "", "tcp://*:9000", syscall.EADDRINUSE, "bind tcp://*:9000: address already in use"},
		{"all and one", "tcp://*:9000", "", "tcp://10.0.0.1:9000", syscall.EADDRINUSE, "bind tcp://10.0.0.1:9000: address already in use"},
		{"one and all", "tcp://127.0.0.1:9000", "", "tcp://0.0.0.0:9000", syscall.EADDRINUSE, "bind tcp://0.0.0.0:9000: address already in use"},
		{"one and the other", "tcp://127.0.0.1:9000", "", "tcp://10.0.0.1:9000", nil, ""},
		{"both own addresses", "tcp://10.0.0.1:9000", "", "tcp://10.0.0.11:9000", nil, ""},
		{"other port", "tcp://*:9000", "", "tcp://*:9001", nil, ""},
		{"ipc", "ipc:///run/x", "", "ipc:///run/x", syscall.EADDRINUSE, "bind ipc:///run/x: address already in use"},
		{"inproc", "inproc://x", "", "inproc://x", syscall.EADDRINUSE, "bind inproc://x: address already in use"},
		{"ipc and inproc", "ipc://x", "", "inproc://x", nil, ""},
		{"somebody else's", "tcp://*:1", "", "tcp://10.0.0.2:9000", syscall.EADDRNOTAVAIL, "bind tcp://10.0.0.2:9000: cannot assign requested address"},
		{"name", "tcp://*:1", "", "tcp://eth7:9000", syscall.ENODEV, "bind tcp://eth7:9000: no such device"},
		{"secure", "tcp://*:1", transport.Secure, "tcp://*:9000", transport.ErrNoKeys, "bind tcp://*:9000: no CURVE keys configured: no key pair of the server (server_secret_key_file)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := inmem.NewNetwork()
			a := n.Transport(addrA, netip.MustParseAddr("10.0.0.11"))
			n.Transport(addrB)
			publisher(t, a, tt.bound)
			_, err := a.Replier(transport.ReplierConfig{Endpoint: endpoint(t, tt.bind), Backend: tt.backend})
			if !errors.Is(err, tt.want) {
				t.Fatalf("got error %v, want %v", err, tt.want)
			}
			if err != nil && err.Error() != tt.text {
				t.Errorf("got %q, want %q", err, tt.text)
			}
		})
	}
}

func TestBindNothing(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	if _, err := a.Publisher(transport.PublisherConfig{}); err == nil || err.Error() != "bind: no endpoint" {
		t.Errorf("got %v", err)
	}
	_, err := a.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://*:0"), Backend: "x"})
	if err == nil {
		t.Error("an unknown backend was taken")
	}
}

func TestHostsHavePortsOfTheirOwn(t *testing.T) {
	t.Parallel()
	_, a, b := hosts(t)
	for _, ep := range []string{"tcp://*:9000", "ipc:///run/x", "inproc://x"} {
		publisher(t, a, ep)
		publisher(t, b, ep)
	}
}

func TestTransportsOfOneHostShareIts(t *testing.T) {
	t.Parallel()
	n, a, _ := hosts(t)
	again := n.Transport(addrA)
	for ep, want := range map[string]error{
		"tcp://*:9000": syscall.EADDRINUSE,
		"ipc:///run/x": syscall.EADDRINUSE,
		"inproc://x":   nil,
	} {
		publisher(t, a, ep)
		if _, err := again.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, ep)}); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", ep, err, want)
		}
	}
}

func TestPortZero(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	cfg := transport.PublisherConfig{Endpoint: endpoint(t, "tcp://*:0"), MinPort: 9000, MaxPort: 9003}
	publisher(t, a, "tcp://127.0.0.1:9001")
	bind := func() (string, error) {
		p, err := a.Publisher(cfg)
		if err != nil {
			return "", err
		}
		return p.Endpoint().String(), nil
	}
	for _, want := range []string{"tcp://*:9000", "tcp://*:9002"} {
		if got, err := bind(); err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	_, err := bind()
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v, want %v", err, syscall.EADDRINUSE)
	}
	if want := "bind tcp://*:0: no free port from 9000 to 9002: address already in use"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// A restarted program gets another port, as it nearly always does on a real host.
func TestPortZeroIsNotReusedAtOnce(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	first := publisher(t, a, "tcp://*:0")
	must(t, first.Close())
	second := publisher(t, a, "tcp://*:0")
	if first.Endpoint() == second.Endpoint() {
		t.Errorf("got %s twice", second.Endpoint())
	}
	if got, want := first.Endpoint().String(), "tcp://*:49152"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCloseFreesTheEndpoint(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	must(t, publisher(t, a, "tcp://*:9000").Close())
	must(t, replier(t, a, "tcp://*:9000").Close())
	publisher(t, a, "tcp://*:9000")
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	for name, opts := range map[string]transport.SocketOptions{
		"queue":      {Queue: -1},
		"message":    {MaxMessage: -1},
		"keep-alive": {KeepAlive: transport.KeepAlive{Mode: 7}},
	} {
		ep, to := endpoint(t, "tcp://*:0"), address(t, "tcp://127.0.0.1:1")
		_, pub := a.Publisher(transport.PublisherConfig{Endpoint: ep, SocketOptions: opts})
		_, sub := a.Subscriber(transport.SubscriberConfig{SocketOptions: opts})
		_, rep := a.Replier(transport.ReplierConfig{Endpoint: ep, SocketOptions: opts})
		_, pull := a.Puller(transport.PullerConfig{Address: to, SocketOptions: opts})
		_, req := a.Request(t.Context(), to, nil, opts)
		for i, err := range []error{pub, sub, rep, pull, req} {
			if err == nil {
				t.Errorf("%s: socket %d was made", name, i)
			}
		}
	}
}
