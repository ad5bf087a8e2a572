package inmem

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// dial is the wish of a socket to be connected to a place. It lasts until it is taken back: one that has no peer, or has lost it,
// waits in Network.dials.
type dial struct {
	from *Transport
	to   transport.Address
	at   place
	key  curve.PublicKey // the client's; zero on plain connections
	end  dialer

	identity   string            // as the peer knows us, when admitted
	port       int               // that we connect from
	refusedBy  *door             // the last one; nil once we are in
	refusedFor transport.Refusal // and why
}

// newDial makes one that nothing has tried yet.
func newDial(from *Transport, to transport.Address, client curve.KeyPair, end dialer) dial {
	d := dial{from: from, to: to, at: locate(from, to.Endpoint), end: end}
	if to.Backend == transport.Secure && to.Endpoint.Scheme() != "inproc" {
		d.key = client.Secret.Public()
	}
	return d
}

// dialer is what a connecting socket is told about its dial. All is called with Network.mu held.
type dialer interface {
	// refused is called when what is bound there does not let us in.
	refused(why *refusal)
}

// checkAddress refuses what the real transport refuses to connect to, and spells the backend out.
func checkAddress(to transport.Address, client curve.KeyPair) (transport.Address, error) {
	if err := to.Endpoint.CheckConnect(); err != nil {
		return to, fmt.Errorf("connect: %w", err)
	}
	to = to.Normal()
	if err := checkKeys(to, client); err != nil {
		return to, fmt.Errorf("connect %s: %w", to, err)
	}
	return to, nil
}

// checkKeys refuses an unknown backend, and a secure one without keys.
func checkKeys(to transport.Address, client curve.KeyPair) error {
	b, err := transport.ParseBackend(string(to.Backend))
	switch {
	case err != nil:
		return err
	case b == transport.Plain, to.Endpoint.Scheme() == "inproc":
		return nil
	case to.ServerKeys.Len() == 0:
		return fmt.Errorf("%w: no public key of the server (server_public_key_file, server_public_keys)", transport.ErrNoKeys)
	case client.Secret.IsZero():
		return fmt.Errorf("%w: no key pair of the client (client_secret_key_file)", transport.ErrNoKeys)
	}
	return nil
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
	no := b.door.admit(d)
	if no == nil {
		d.port = n.peerPort()
		no = b.end.accept(d)
	}
	if no != nil {
		d.end.refused(no)
		return false
	}
	b.door.welcome(d)
	return true
}

// peerPort returns the next port to connect from, in the range that Linux takes them from.
func (n *Network) peerPort() int {
	const first, count = 32768, 28232
	n.lastPeer = (n.lastPeer + 1) % count
	return first + n.lastPeer
}

// settle tries all dials that wait: something was bound, or wires are back. The caller holds mu.
func (n *Network) settle() {
	n.dials = slices.DeleteFunc(n.dials, n.try)
}

// hangUp takes a waiting dial back. The caller holds mu.
func (n *Network) hangUp(d *dial) {
	n.dials = slices.DeleteFunc(n.dials, func(other *dial) bool { return other == d })
}

// secure tells whether d asks for an encrypted connection.
func (d *dial) secure() bool { return !d.key.IsZero() }

// caller is d as a gate sees it.
func (d *dial) caller() transport.Caller { return transport.Caller{Addr: d.peerAddr(), Key: d.key} }

// peerAddrPort is peerAddr with the port that we connect from.
func (d *dial) peerAddrPort() netip.AddrPort {
	if addr := d.peerAddr(); addr.IsValid() {
		return netip.AddrPortFrom(addr, uint16(d.port))
	}
	return netip.AddrPort{}
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
