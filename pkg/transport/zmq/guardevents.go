package zmq

import (
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Values of HANDSHAKE_FAILED_PROTOCOL (ZMQ_PROTOCOL_ERROR_* of zmq.h).
const (
	protocolCryptographic     = 0x11000001
	protocolMechanismMismatch = 0x11000002
)

// failure is why a handshake failed, as the monitor told. It does not tell whose: but the end of the same connection is what it tells next.
type failure struct {
	why   transport.Refusal // empty: none
	vague bool              // it may also have taken too long
	alone bool              // there was nobody to ask about the client
}

// readEvents takes in what the monitor tells. The socket's mu is held.
func (g *guard) readEvents() {
	g.events = g.events[:0]
	for {
		n := len(g.events)
		events, err := g.s.monitor.read(g.events)
		if err != nil {
			g.log().Error("monitor can't be read", zap.Error(err))
		}
		g.events = events
		// What is looked up here is the connection's own if its end is not told by the time that the monitor was read once more: then its descriptor
		// was not closed yet.
		if !identifyAccepted(events[n:]) || err != nil {
			break
		}
	}
	disownEnded(g.events)
	now := time.Now()
	for _, e := range g.events {
		g.apply(e, now)
	}
}

// identifyAccepted looks up who has made the connections that libzmq has taken, and tells whether there are some.
func identifyAccepted(events []event) bool {
	found := false
	for i := range events {
		if e := &events[i]; e.kind == zmq4.EVENT_ACCEPTED {
			// One that has gone already has none. Its end is still to be told.
			e.id, _ = identify(e.value)
			found = true
		}
	}
	return found
}

// disownEnded takes from connections that have ended since they were taken whom they were looked up as: the descriptor may have been another's by then.
func disownEnded(events []event) {
	ended := make(map[int]struct{})
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		if e.kind != zmq4.EVENT_ACCEPTED && e.kind != zmq4.EVENT_DISCONNECTED {
			continue
		}
		if _, ok := ended[e.value]; ok && e.kind == zmq4.EVENT_ACCEPTED {
			e.id = connID{}
		}
		ended[e.value] = struct{}{}
	}
}

func (g *guard) apply(e event, now time.Time) {
	switch e.kind {
	case zmq4.EVENT_ACCEPTED:
		g.ended(e.value, failure{}, now) // of the connection before, if nobody told
		c := g.conns.begin(e.value, e.id, now)
		g.tap(c, e.value)
		g.mu.Lock()
		g.hosts.begin(c.id.peer.Addr())
		g.mu.Unlock()
	case zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL:
		g.failed = failure{why: protocolRefusal(e.value)}
	case zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
		g.failedVaguely(syscall.Errno(e.value), now)
	case zmq4.EVENT_DISCONNECTED:
		why := g.failed
		g.failed = failure{}
		g.ended(e.value, why, now)
		heap.soon()
	}
}

// failedVaguely takes in a failure of which libzmq tells no more than an error number: that of the connection, whatever it was, or EFAULT where it
// has found no authenticator to ask.
func (g *guard) failedVaguely(errno syscall.Errno, now time.Time) {
	switch {
	case errno != syscall.EFAULT:
		g.failed = failure{why: transport.RefusedProtocol, vague: true}
	case g.backend == transport.Secure:
		g.failed = failure{why: transport.RefusedGate, alone: true}
	default:
		// The connection is not closed: libzmq tries again with the next thing that it has to send, and then the time is over.
		g.mu.Lock()
		line := g.refuse(transport.RefusedGate, transport.Caller{}, now)
		g.mu.Unlock()
		line.write(g.log(), failure{alone: true})
	}
}

// protocolRefusal says what a protocol error means, as far as it can be told. A plain client on a secure socket, or the other way round, greets with
// another mechanism: but when it has seen ours first it has closed the connection, as others do for other reasons. One that knows another server's
// key sends what can't be opened with ours.
func protocolRefusal(value int) transport.Refusal {
	switch value {
	case protocolCryptographic:
		return transport.RefusedServerKey
	case protocolMechanismMismatch:
		return transport.RefusedMechanism
	}
	return transport.RefusedProtocol
}

// tap follows a handshake with a secure socket. Of too many the oldest gives way: one that takes long is given up in the end, and libzmq tells of that.
func (g *guard) tap(c *clientConn, fd int) {
	if g.backend != transport.Secure || g.closing {
		return
	}
	if len(g.tapped) >= maxTaps {
		g.tapped = slices.DeleteFunc(g.tapped, func(c *clientConn) bool { return c.tap.taps == nil })
	}
	if len(g.tapped) >= maxTaps {
		g.tapped[0].tap.end()
		g.tapped = slices.Delete(g.tapped, 0, 1)
	}
	if c.tap.beginAccepted(fd, c.id, &g.taps); c.tap.taps != nil {
		g.tapped = append(g.tapped, c)
	}
}

// helloBytes are what a CURVE client has sent when it waits for WELCOME: the greeting, and HELLO of 200 bytes with its head.
const helloBytes = greetingBytes + 202

// refusalAfter says why a handshake with a secure socket has failed of which libzmq tells nothing but the end, by the bytes that the client had sent until
// then; empty where they don't tell. The end of the connection counts one.
func refusalAfter(received int) transport.Refusal {
	switch received {
	case greetingBytes, greetingBytes + 1: // of another mechanism, or it does not like ours
		return transport.RefusedMechanism
	case helloBytes, helloBytes + 1: // its first encrypted word can't be opened
		return transport.RefusedServerKey
	}
	return ""
}

// ended takes out a connection that is closed. One that was in the middle of the handshake is a refusal; of what has greeted in no known way
// libzmq tells no more than the end.
func (g *guard) ended(fd int, why failure, now time.Time) {
	c := g.conns.end(fd)
	if c == nil {
		return
	}
	g.noteEnd(fd, c)
	// The error number of a timeout is whatever libzmq did last. Who gives up after half of the time has a shorter patience than we have.
	if why.vague && now.Sub(c.begun) >= g.patience/2 {
		why.why = transport.RefusedTimeout
	}
	if why.why == "" && !c.spoke() {
		why.why = refusalAfter(c.tap.received())
	}
	c.tap.end()
	peer := c.id.peer
	g.mu.Lock()
	judged := g.hosts.end(peer.Addr(), !c.spoke() && why.why == "")
	if why.why == "" && (judged || c.spoke()) || c.cut {
		g.mu.Unlock()
		return
	}
	if why.why == "" {
		why.why = transport.RefusedProtocol
	}
	line := g.refuse(why.why, transport.Caller{Addr: peer.Addr()}, now)
	g.mu.Unlock()
	line.write(g.log(), why)
}

// cutting is a connection that is to be cut.
type cutting struct {
	fd      int
	c       *clientConn
	why     transport.Refusal
	unknown bool // nobody can tell that it was let in
}

// loss is why a client of an address is admitted no more. Up to silent of the connections from there that have said nothing are its own, as far as
// is known: junk that comes from the same address puts out that number.
type loss struct {
	why    transport.Refusal
	silent int
}

// review cuts the connections of those who are admitted no more. The socket's mu is held.
func (g *guard) review() {
	g.reviewed = g.changes.Load()
	g.readEvents()
	g.mu.Lock()
	lost := g.losers()
	var cuts []cutting
	for fd, c := range g.conns.byFD {
		if x, out := g.out(c, lost); out && !c.cut {
			x.fd = fd
			cuts = append(cuts, x)
		}
	}
	g.mu.Unlock()
	// The descriptor of a connection is its own once the monitor was read again: its end is told before the descriptor can be used for something
	// else. What ends by that is none of ours any more.
	g.readEvents()
	for _, x := range cuts {
		if g.conns.byFD[x.fd] == x.c {
			g.cut(x)
		}
	}
}

// losers returns the addresses from which a client was let in that is admitted no more. The caller holds mu.
func (g *guard) losers() map[netip.Addr]*loss {
	lost := make(map[netip.Addr]*loss)
	for addr, h := range g.hosts.byAddr {
		for key := range h.admitted {
			v := g.ask(transport.Caller{Addr: addr, Key: key})
			if v.Admitted || v.Keep {
				continue
			}
			delete(h.admitted, key)
			lost[addr] = &loss{v.Reason, h.silent}
		}
	}
	return lost
}

// out tells whether a connection is to be cut. One that has not said yet whose it is goes with those that it may belong to: it has subscribed to nothing and asked
// nothing, and comes back by itself. The caller holds mu.
func (g *guard) out(c *clientConn, lost map[netip.Addr]*loss) (x cutting, out bool) {
	addr := c.id.peer.Addr()
	if !c.spoke() {
		l := lost[addr]
		if l == nil {
			return cutting{}, false
		}
		l.silent--
		return cutting{c: c, why: l.why, unknown: l.silent < 0}, true
	}
	v := g.ask(transport.Caller{Addr: addr, Key: c.key})
	if v.Identity != "" {
		c.identity = v.Identity
	}
	return cutting{c: c, why: v.Reason}, !v.Admitted && !v.Keep
}

func (g *guard) cut(x cutting) {
	x.c.cut = true
	if !x.c.id.cut(x.fd) {
		return
	}
	addr := x.c.id.peer.Addr()
	g.mu.Lock()
	if !x.unknown {
		g.stats.Revoked++
	}
	delete(g.known, visitor{x.c.identity, addr})
	line := x.c.spoke() && g.cuts.allow(time.Now())
	g.mu.Unlock()
	if line {
		g.log().Info("client cut: it is admitted no more", append(clientField(x.c.identity), g.peerField(addr), zap.String("cause", string(x.why)))...)
	}
}
