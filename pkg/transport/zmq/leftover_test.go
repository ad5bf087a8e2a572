package zmq

import (
	"slices"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestLeftOverSubscriptions: what a connection has asked for, and is read only when its descriptor is another's already, counts neither for that one nor longer than
// libzmq keeps it.
func TestLeftOverSubscriptions(t *testing.T) {
	t.Parallel()
	for name, security := range map[string]transport.ServerSecurity{"plain": {}, "with a gate": {Gate: everybody{}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bound, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Security: security})
			must(t, err)
			p := bound.(*publisher)
			const rounds = 20
			var stay []rawPeer
			for n := range rounds {
				stay = append(stay, succeed(t, p, n%2 == 1))
				eventually(t, "those who stay count", func() bool { return asked(p, transport.Subscription{Topic: "a", Count: n + 1}) })
			}
			eventually(t, "those who stay are known", func() bool { return len(p.Clients()) == rounds })
			for _, peer := range stay {
				must(t, peer.send("\x00a"))
			}
			eventually(t, "nobody asks for anything", func() bool { return asked(p) })
			eventually(t, "those who have gone are forgotten", func() bool {
				p.mu.Lock()
				defer p.mu.Unlock()
				return len(p.connections()) == rounds && (p.guard == nil || !p.guard.gone.some())
			})
		})
	}
}

// succeed makes a connection that asks for a topic and leaves, and then one that asks for the same and stays. Nothing is read meanwhile but the first request; twice
// has it made twice.
func succeed(t *testing.T, p *publisher, twice bool) rawPeer {
	p.mu.Lock()
	defer p.kick()
	defer p.mu.Unlock()
	leaves := dialRaw(t, p.Endpoint())
	leaves.greet(property("Socket-Type", "SUB"))
	ask := func() {
		must(t, leaves.send("\x01a"))
		must(t, leaves.ping())
		must(t, leaves.ping())
	}
	if ask(); twice {
		p.readBatch()
		ask()
	}
	must(t, leaves.Close())
	stays := dialRaw(t, p.Endpoint())
	stays.greet(property("Socket-Type", "SUB"))
	must(t, stays.send("\x01a"))
	return stays
}

// asked tells whether these are the subscriptions to p.
func asked(p *publisher, want ...transport.Subscription) bool {
	return slices.Equal(p.Subscriptions(), want)
}
