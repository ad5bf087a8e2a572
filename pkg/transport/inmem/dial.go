package inmem

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// dial is the wish of a socket to be connected to a place. It lasts until it is taken back: one that has no peer, or has lost it,
// waits in Network.dials.
type dial struct {
	from *Transport
	to   transport.Address
	at   place
	end  dialer
}

// dialer is what a connecting socket is told about its dial. All is called with Network.mu held.
type dialer interface {
	// refused is called when something of another kind is bound there.
	refused(cause error)
}

// checkAddress refuses what the real transport refuses to connect to, and spells the backend out.
func checkAddress(to transport.Address) (transport.Address, error) {
	if err := to.Endpoint.CheckConnect(); err != nil {
		return to, fmt.Errorf("connect: %w", err)
	}
	if err := checkBackend(to.Backend); err != nil {
		return to, fmt.Errorf("connect %s: %w", to, err)
	}
	return to.Normal(), nil
}

// checkBackend refuses all but plain: there are no keys in memory.
func checkBackend(b transport.Backend) error {
	switch b {
	case "", transport.Plain:
		return nil
	case transport.Secure:
		return transport.ErrNoKeys
	default:
		_, err := transport.ParseBackend(string(b))
		return err
	}
}

// dial connects now, or as soon as something is bound there. The caller holds mu.
func (n *Network) dial(d *dial) {
	if !n.try(d) {
		n.dials = append(n.dials, d)
	}
}

// try connects d if there is something to connect to. The caller holds mu.
func (n *Network) try(d *dial) bool {
	b := n.find(d.from, d.at)
	if b == nil {
		return false
	}
	if err := b.end.accept(d); err != nil {
		d.end.refused(err)
		return false
	}
	return true
}

// settle tries all dials that wait: something was bound, or wires are back. The caller holds mu.
func (n *Network) settle() {
	n.dials = slices.DeleteFunc(n.dials, n.try)
}

// hangUp takes a waiting dial back. The caller holds mu.
func (n *Network) hangUp(d *dial) {
	n.dials = slices.DeleteFunc(n.dials, func(other *dial) bool { return other == d })
}

// peerAddr is the address that the bound side sees, invalid where there is none.
func (d *dial) peerAddr() netip.Addr {
	switch {
	case d.at.scheme != "tcp":
		return netip.Addr{}
	case isOwn(d.at.addr):
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case slices.Contains(d.from.host.addrs, d.at.addr):
		return d.at.addr
	default:
		return d.from.host.addrs[0]
	}
}
