package transporttest

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// NewKey makes a key pair. Nothing wipes it.
func NewKey(t testing.TB) curve.KeyPair {
	t.Helper()
	certificate, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return certificate.KeyPair
}

// Gate is a [transport.Gate] for tests, which admits whom it is told to. All methods may be called concurrently; when one that changes
// something has returned, Judge says so and those who watch have been called.
type Gate struct {
	mu         sync.Mutex
	keys       map[curve.PublicKey]string // to identities
	refused    map[netip.Addr]bool
	unreadable bool
	watchers   map[*func()]struct{}
}

var _ transport.Gate = (*Gate)(nil)

// NewGate makes a gate that admits all addresses and no key.
func NewGate() *Gate {
	return &Gate{
		keys:     make(map[curve.PublicKey]string),
		refused:  make(map[netip.Addr]bool),
		watchers: make(map[*func()]struct{}),
	}
}

// Admit admits the client with that key under a name.
func (g *Gate) Admit(identity string, key curve.PublicKey) *Gate {
	g.change(func() { g.keys[key] = identity })
	return g
}

// Revoke takes that back.
func (g *Gate) Revoke(key curve.PublicKey) { g.change(func() { delete(g.keys, key) }) }

// RefuseAddr refuses the clients from an address, or takes that back.
func (g *Gate) RefuseAddr(addr netip.Addr, refuse bool) {
	g.change(func() { g.refused[addr] = refuse })
}

// SetUnreadable makes the gate one that can't tell: nobody new comes in, and who is in stays.
func (g *Gate) SetUnreadable(on bool) { g.change(func() { g.unreadable = on }) }

func (g *Gate) change(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do()
	for changed := range g.watchers {
		(*changed)()
	}
}

// Judge asks for a key where there is one: that of a plain client is zero.
func (g *Gate) Judge(c transport.Caller) transport.Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	identity, known := g.keys[c.Key]
	switch {
	case g.unreadable:
		return transport.Verdict{Reason: transport.RefusedGate, Keep: true}
	case g.refused[c.Addr]:
		return transport.Verdict{Reason: transport.RefusedAddress}
	case !known && !c.Key.IsZero():
		return transport.Verdict{Reason: transport.RefusedKey}
	}
	return transport.Verdict{Admitted: true, Identity: identity}
}

// Watch calls changed after each change.
func (g *Gate) Watch(changed func()) (stop func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watchers[&changed] = struct{}{}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.watchers, &changed)
	}
}
