package inmem_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	addrA = netip.MustParseAddr("10.0.0.1")
	addrB = netip.MustParseAddr("10.0.0.2")
)

// hosts makes a network with two hosts, closed with the test.
func hosts(t *testing.T) (n *inmem.Network, a, b *inmem.Transport) {
	t.Helper()
	n = inmem.NewNetwork()
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close network: %v", err)
		}
	})
	return n, n.Transport(addrA), n.Transport(addrB)
}

func endpoint(t *testing.T, s string) transport.Endpoint {
	t.Helper()
	ep, err := transport.ParseEndpoint(s)
	if err != nil {
		t.Fatal(err)
	}
	return ep
}

func address(t *testing.T, s string) transport.Address {
	t.Helper()
	return transport.Address{Endpoint: endpoint(t, s)}
}

func publisher(t *testing.T, on *inmem.Transport, ep string) *inmem.Publisher {
	t.Helper()
	p, err := on.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, ep)})
	if err != nil {
		t.Fatal(err)
	}
	return p.(*inmem.Publisher)
}

func replier(t *testing.T, on *inmem.Transport, ep string) transport.Replier {
	t.Helper()
	r, err := on.Replier(transport.ReplierConfig{Endpoint: endpoint(t, ep)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// subscriber makes one that is subscribed to everything.
func subscriber(t *testing.T, on *inmem.Transport, cfg transport.SubscriberConfig, to ...string) transport.Subscriber {
	t.Helper()
	s, err := on.Subscriber(cfg)
	if err != nil {
		t.Fatal(err)
	}
	must(t, s.Subscribe(""))
	for _, ep := range to {
		must(t, s.Connect(address(t, ep)))
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, p *inmem.Publisher, frames ...string) {
	t.Helper()
	for _, f := range frames {
		must(t, p.Send(t.Context(), []byte(f)))
	}
}

// receiver is what subscribers and pullers have in common.
type receiver interface {
	Receive(context.Context) ([]transport.Frame, error)
}

// arrived returns what is there, or comes without time passing: a bubble's clock stands still until all wait.
func arrived(t *testing.T, s receiver) []string {
	t.Helper()
	var got []string
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		frames, err := s.Receive(ctx)
		cancel()
		if err != nil {
			return got
		}
		for _, f := range frames {
			got = append(got, string(f.Body))
		}
	}
}

// inBubble runs a test in a synctest bubble, where a wait for nothing ends at once.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}
