package nameserver_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// listener makes a nameserver that has not listened yet.
func listener(
	t *testing.T, tr transport.Transport, cfg nameserver.Config, sec *security.Security, log *zap.Logger, more ...func(*nameserver.Options),
) *nameserver.Nameserver {
	t.Helper()
	opts := nameserver.Options{
		Transport:      tr,
		Security:       sec,
		LocalAddresses: func() ([]netip.Addr, error) { return []netip.Addr{netip.IPv6Loopback()}, nil },
		Logger:         log,
	}
	for _, edit := range more {
		edit(&opts)
	}
	n, err := nameserver.New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func withoutMulticast(change func(*nameserver.Config)) nameserver.Config {
	cfg := quiet(change)
	cfg.Multicast = false
	return cfg
}

func occupy(t *testing.T, tr transport.Transport, uri string) {
	t.Helper()
	ep, err := transport.ParseEndpoint(uri)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Publisher(transport.PublisherConfig{Endpoint: ep}); err != nil {
		t.Fatal(err)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	all := []struct{ port, key string }{
		{"5557", "nameserver_port"},
		{"16543", "address_publish_port"},
		{"21200", "broadcast_port"},
		{"5558", "secure_zmq_nameserver_port"},
		{"16544", "secure_address_publish_port"},
		{"21201", "secure_broadcast_port"},
		{"5559", "next_lookup_port"},
		{"16545", "next_feed_port"},
		{"21202", "next_registration_port"},
	}
	k := newKeyring(t)
	sec := k.open(k.withNext)
	for _, tt := range all {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			network := inmem.NewNetwork()
			defer network.Close()
			tr := network.Transport(serverHost)
			occupy(t, tr, "tcp://*:"+tt.port)
			n := listener(t, tr, withoutMulticast(nil), sec, nil)
			err := n.Listen(t.Context())
			bind, ok := errors.AsType[*nameserver.BindError](err)
			if !ok || !errors.Is(err, syscall.EADDRINUSE) {
				t.Fatalf("got %v", err)
			}
			check(t, "error", err.Error(), tt.key+": bind tcp://*:"+tt.port+": address already in use")
			for _, want := range []string{"port " + tt.port, "set " + tt.key} {
				if !strings.Contains(bind.HintText(), want) {
					t.Errorf("hint %q lacks %q", bind.HintText(), want)
				}
			}
			// The other ports are free again.
			for _, other := range all {
				if other.port != tt.port {
					occupy(t, tr, "tcp://*:"+other.port)
				}
			}
		})
	}
}

func TestAllTakenPortsAreNamed(t *testing.T) {
	t.Parallel()
	network := inmem.NewNetwork()
	defer network.Close()
	tr := network.Transport(serverHost)
	occupy(t, tr, "tcp://*:5557")
	occupy(t, tr, "tcp://*:21200")
	err := listener(t, tr, withoutMulticast(nil), nil, nil).Listen(t.Context())
	check(t, "error", err.Error(), "nameserver_port: bind tcp://*:5557: address already in use\n"+
		"broadcast_port: bind tcp://*:21200: address already in use")
}

func TestFreePorts(t *testing.T) {
	t.Parallel()
	network := inmem.NewNetwork()
	defer network.Close()
	cfg := withoutMulticast(func(c *nameserver.Config) {
		c.NameserverPort, c.AddressPublishPort, c.BroadcastPort = 0, 0, 0
		c.SecureNameserverPort, c.SecureAddressPublishPort, c.SecureBroadcastPort = 0, 0, 0
		c.NextLookupPort, c.NextFeedPort, c.NextRegistrationPort = 0, 0, 0
		c.BindAddresses = []string{"127.0.0.1", "10.0.0.1", "::1"}
	})
	k := newKeyring(t)
	n := listener(t, network.Transport(serverHost), cfg, k.open(k.withNext), nil)
	if err := n.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := n.Endpoints()
	var all [][]transport.Endpoint
	for _, ports := range []nameserver.Ports{got.Ports, got.Secure, got.Next} {
		all = append(all, ports.Lookups, ports.Feed, ports.Designated)
	}
	for _, eps := range all {
		hosts := []string{}
		for _, ep := range eps {
			hosts = append(hosts, ep.Host())
			if ep.Port() == 0 || ep.Port() != eps[0].Port() {
				t.Errorf("ports differ: %v", eps)
			}
		}
		check(t, "hosts", hosts, cfg.BindAddresses)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// lateTransport is that of a host which gets an address after a while.
type lateTransport struct {
	transport.Transport
	there time.Time
}

func (l lateTransport) Replier(cfg transport.ReplierConfig) (transport.Replier, error) {
	if time.Now().Before(l.there) && cfg.Endpoint.Host() != "127.0.0.1" {
		return nil, fmt.Errorf("bind %s: %w", cfg.Endpoint, syscall.EADDRNOTAVAIL)
	}
	return l.Transport.Replier(cfg)
}

// TestAddressComesLate is a host whose network is not there yet when the nameserver starts.
func TestAddressComesLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := inmem.NewNetwork()
		defer network.Close()
		core, logs := observer.New(zap.InfoLevel)
		tr := lateTransport{network.Transport(serverHost), time.Now().Add(time.Minute)}
		cfg := withoutMulticast(func(c *nameserver.Config) { c.BindAddresses = []string{"127.0.0.1", "10.0.0.1"} })
		told := make(map[string]int)
		n := listener(t, tr, cfg, nil, zap.New(core), func(o *nameserver.Options) {
			o.Waiting = func(ep transport.Endpoint) { told[ep.String()]++ }
		})
		start := time.Now()
		if err := n.Listen(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(t, "told that it waits", told, map[string]int{"tcp://10.0.0.1:5557": 30})
		if waited := time.Since(start); waited < time.Minute || waited > time.Minute+5*time.Second {
			t.Errorf("listens after %s", waited)
		}
		var lines []string
		for _, e := range logs.All() {
			lines = append(lines, e.Message)
		}
		check(t, "log", lines, []string{"address is not there yet, waiting for it", "address is there", "listening"})
		if err := n.Close(); err != nil {
			t.Error(err)
		}

		// Waiting ends with its context, and then no other port is waited for.
		logs.TakeAll()
		cfg.BindAddresses = []string{"10.9.9.9"}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := listener(t, tr, cfg, nil, zap.New(core)).Listen(ctx); !errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Errorf("got %v", err)
		}
		if n := logs.Len(); n != 1 {
			t.Errorf("the log tells %d times that it waits, want once", n)
		}
	})
}
