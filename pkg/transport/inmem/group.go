package inmem

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/multicast"
)

// Datagrams of a group that nobody receives are dropped above this number of bytes, as in a kernel's receive buffer.
const groupBuffer = 4 << 20

// First of the ports that groups send from.
const groupPort = 40000

// Group carries datagrams as package multicast does: it is a [multicast.Sender] and a [multicast.Receiver] in one. It
// receives what is sent after it was made, its own datagrams too.
type Group struct {
	network *Network
	host    *host
	from    netip.AddrPort

	// Guarded by Network.mu.
	closed  bool
	failure error // of Send; nil: it works
	queue   []datagram
	queued  int // bytes
	dropped uint64
	changed broadcast
}

type datagram struct {
	body []byte
	from netip.AddrPort
}

// Group returns a datagram sender and receiver for host, all in one group.
func (n *Network) Group(addr netip.Addr) *Group {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lastPort++
	g := &Group{network: n, host: n.host(addr), from: netip.AddrPortFrom(addr, uint16(groupPort+n.lastPort%10000))}
	n.groups = append(n.groups, g)
	n.parts = append(n.parts, g)
	return g
}

// DropDatagrams loses the datagrams for which drop returns true; it is asked for each receiver, and nil loses none. It may be called
// from several goroutines at a time.
func (n *Network) DropDatagrams(drop func(from, to netip.Addr, datagram []byte) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drop = drop
}

// FailSends makes Send return err until it is called with nil. A sender without a network returns an error that wraps
// [multicast.ErrNoNetwork].
func (g *Group) FailSends(err error) {
	g.network.mu.Lock()
	defer g.network.mu.Unlock()
	g.failure = err
}

// Send sends to all groups that can be reached. It refuses what the real sender refuses, with the same errors.
func (g *Group) Send(ctx context.Context, body []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := multicast.CheckSize(len(body)); err != nil {
		return err
	}
	receivers, drop, err := g.receivers()
	if err != nil {
		return err
	}
	for _, r := range receivers {
		if drop == nil || !drop(g.from.Addr(), r.from.Addr(), body) {
			r.deliver(datagram{bytes.Clone(body), g.from})
		}
	}
	return nil
}

// receivers returns those that can be reached.
func (g *Group) receivers() ([]*Group, func(from, to netip.Addr, datagram []byte) bool, error) {
	g.network.mu.Lock()
	defer g.network.mu.Unlock()
	if g.closed {
		return nil, nil, net.ErrClosed
	}
	if g.failure != nil {
		return nil, nil, g.failure
	}
	var receivers []*Group
	for _, r := range g.network.groups {
		if reachable(g.host, r.host) {
			receivers = append(receivers, r)
		}
	}
	return receivers, g.network.drop, nil
}

func (g *Group) deliver(d datagram) {
	g.network.mu.Lock()
	defer g.network.mu.Unlock()
	switch {
	case g.closed:
	case g.queued+len(d.body) > groupBuffer:
		g.dropped++
	default:
		g.queue = append(g.queue, d)
		g.queued += len(d.body)
		g.changed.fire()
	}
}

// Receive waits for the next datagram and returns it with its sender's address.
func (g *Group) Receive(ctx context.Context) ([]byte, netip.AddrPort, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, netip.AddrPort{}, err
		}
		g.network.mu.Lock()
		if g.closed {
			g.network.mu.Unlock()
			return nil, netip.AddrPort{}, net.ErrClosed
		}
		if len(g.queue) > 0 {
			d := g.queue[0]
			g.queue = g.queue[1:]
			g.queued -= len(d.body)
			g.network.mu.Unlock()
			return d.body, d.from, nil
		}
		changed := g.changed.next()
		g.network.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// Dropped counts datagrams that were lost since nobody received them.
func (g *Group) Dropped() uint64 {
	g.network.mu.Lock()
	defer g.network.mu.Unlock()
	return g.dropped
}

// Close leaves the group. Receive and Send return [net.ErrClosed] from then on.
func (g *Group) Close() error {
	g.network.mu.Lock()
	defer g.network.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	g.queue, g.queued = nil, 0
	g.changed.fire()
	g.network.groups = slices.DeleteFunc(g.network.groups, func(other *Group) bool { return other == g })
	g.network.removePart(g)
	return nil
}
