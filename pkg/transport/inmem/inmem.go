// Package inmem carries the transport seam and its datagrams in memory, for tests: ours and those of programs built on this
// library.
//
// A [Network] stands for the wires, each [Transport] made from it for one program on one host, each [Group] for one datagram
// socket. What can happen to real wires can be made to happen: [Network.Cut] and [Network.Heal] part hosts and bring them back,
// [Network.DropDatagrams] loses datagrams, [Group.FailSends] takes the network away from a sender.
//
//	network := inmem.NewNetwork()
//	defer network.Close()
//	server := network.Transport(netip.MustParseAddr("10.0.0.1"))
//	client := network.Transport(netip.MustParseAddr("10.0.0.2"))
//
// It behaves as ZeroMQ does where programs can tell: a publisher that nobody is connected to loses what it sends, a connection may
// be asked for before its peer exists, a full queue drops and counts, a request waits for its replier. What differs: connections and
// subscriptions are there at once (when Connect, Subscribe or the binding of the peer returns, frames sent from then on arrive), a
// lost connection is noticed at once, and frames reach a queue before Send returns. So is a handshake that fails, for which a real client
// may have to wait for the handshake interval; and whoever waits is let in as soon as the gate admits it, and until then counted as refused
// once for each reason, not once for each attempt.
//
// Sockets may be secure: keys are compared and gates are asked as in the real handshake, but nothing is encrypted. A client proves
// nothing but that it has a secret key.
//
// It works inside testing/synctest bubbles when the Network is made in the bubble: nothing in it polls or sleeps, and the
// clock is asked for nothing but when a subscriber fell behind. The only goroutines are those that call [transport.SubscriberConfig].Events, one for each subscriber that asks for them, and
// one for each bound socket with a gate, which judges again when the gate has changed. Close of the socket waits for its own.
//
// All functions may be called concurrently. Whoever makes a transport or a group closes it; Network.Close closes them all.
package inmem

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
)

// Network connects transports and datagram groups in one process.
type Network struct {
	mu       sync.Mutex // guards everything in the network, its hosts and their sockets
	hosts    map[netip.Addr]*host
	parts    []part  // transports and groups, in the order they were made
	dials    []*dial // wishes that wait for their peer, oldest first
	groups   []*Group
	drop     func(from, to netip.Addr, datagram []byte) bool
	lastPort int // source port of the youngest group
	lastPeer int // source port of the youngest connection
}

// part is what a network closes.
type part interface{ Close() error }

// NewNetwork makes an empty network.
func NewNetwork() *Network {
	return &Network{hosts: make(map[netip.Addr]*host)}
}

// Cut separates a host from all others until Heal is called. Connections that cross the cut are lost; those within the host stay.
// Datagrams and answers across it vanish without an error, as from a cable that was cut further away.
func (n *Network) Cut(addr netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.host(addr)
	if h.cut {
		return
	}
	h.cut = true
	for _, other := range n.distinctHosts() {
		for _, b := range other.bindings {
			b.end.dropLinks("host cut off", func(d *dial) bool { return !reachable(d.from.host, other) })
		}
	}
}

// Heal undoes Cut: connections come back before it returns.
func (n *Network) Heal(addr netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.host(addr).cut = false
	n.settle()
}

// Close closes all transports and groups.
func (n *Network) Close() error {
	n.mu.Lock()
	parts := slices.Clone(n.parts)
	n.mu.Unlock()
	var errs []error
	for _, p := range parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// removePart forgets a part that was closed. The caller holds mu.
func (n *Network) removePart(p part) {
	n.parts = slices.DeleteFunc(n.parts, func(other part) bool { return other == p })
}
