package zmq

import (
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// guarded are the events of connections to guarded sockets. Of refusals by the authenticator it has heard from that already.
const guarded = zmq4.EVENT_ACCEPTED | zmq4.EVENT_DISCONNECTED | zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL

// guardedEvents are those for sockets of a backend. Secure ones must not be asked for protocol errors: libzmq tells of a message that can't be decrypted in the
// same way, and telling it puts out the error number by which it would see that the connection is to be closed. That stays open for good then, with its
// descriptor, and nothing more is read from it.
func guardedEvents(b transport.Backend) zmq4.Event {
	if b == transport.Secure {
		return guarded
	}
	return guarded | zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL
}

// guard lets clients into a bound socket that has a key or a gate, and puts those out that are admitted no more.
//
// libzmq asks about each in its handshake, through the authenticator, telling its address and its key but not the connection; the monitor tells
// of connections but not of keys; and each message tells both. So who it is that has a connection is known from its first message on.
type guard struct {
	s        *socket
	logger   atomic.Pointer[zap.Logger] // with the endpoint, as soon as that is bound
	gate     transport.Gate
	backend  transport.Backend
	ipc      bool
	patience time.Duration // for a handshake
	auth     *authenticator
	domain   string
	unwatch  func()

	changes atomic.Uint64 // of the gate

	// Under the socket's mu.
	conns    clientConns
	reviewed uint64        // changes of the gate after which all connections were judged
	failed   failure       // of the handshake of the connection whose end is told next
	events   []event       // scratch
	tapped   []*clientConn // in the order in which they came
	// ends are, by the descriptors of connections that have ended, the greatest serial that a message left over from one of them can have. Nil where nobody
	// asks.
	ends    map[int]uint64
	gone    gone
	closing bool

	taps atomic.Int64 // that are open

	mu      sync.Mutex // guards what follows; taken behind the socket's
	hosts   hosts
	stats   transport.AccessStats
	refused refusals
	cuts    budget // of lines about connections that were cut
	known   map[visitor]struct{}
}

// visitor is a client that the log has told of.
type visitor struct {
	identity string
	addr     netip.Addr
}

// maxKnown bounds the visitors that are remembered; further ones come in all the same, and are not logged.
const maxKnown = 4096

// start begins to follow the connections of the socket, which is bound at e.
func (g *guard) start(e transport.Endpoint) {
	g.logger.Store(g.s.log.With(zap.Stringer("uri", e)))
	g.s.watchFile(g.s.monitor.signal, g.look)
}

func (g *guard) log() *zap.Logger { return g.logger.Load() }

// close ends what the guard has begun. It is called before the socket is closed; those who come until then are refused.
func (g *guard) close() {
	if g == nil {
		return
	}
	g.unwatch()
	g.auth.unregister(g.domain)
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	g.closing = true
	for _, c := range g.tapped {
		c.tap.end()
	}
}

// changed is called by the gate.
func (g *guard) changed() {
	g.changes.Add(1)
	kick(g.s.monitor.signal)
}

// look is called when the monitor has something to tell, or the gate has changed.
func (g *guard) look() {
	if g.s.lockFollowing() != nil {
		return
	}
	defer g.s.mu.Unlock()
	g.readEvents()
	if g.reviewed != g.changes.Load() {
		g.review()
	}
}

// judge answers the authenticator.
func (g *guard) judge(r zapRequest) (admitted bool) {
	caller := transport.Caller{Addr: r.addr, Key: r.key}
	now := time.Now()

	g.mu.Lock()
	verdict := g.verdict(r.mechanism, caller)
	h := g.hosts.at(caller.Addr)
	h.silent++
	if !verdict.Admitted {
		line := g.refuse(verdict.Reason, caller, now)
		g.mu.Unlock()
		line.write(g.log(), failure{})
		return false
	}
	h.admit(caller.Key, verdict.Identity)
	g.count(verdict.Identity)
	newcomer := g.meet(visitor{verdict.Identity, caller.Addr})
	g.refused.forget(caller.Addr, caller.Key)
	g.mu.Unlock()
	if newcomer && !admitsAll(g.gate) {
		g.log().Info("client admitted", append(clientField(verdict.Identity), g.peerField(caller.Addr))...)
	}
	return true
}

// verdict is that of a handshake. The caller holds mu, so that a review comes either before the question or after what follows from the answer.
func (g *guard) verdict(mechanism string, caller transport.Caller) transport.Verdict {
	want := "NULL"
	if g.backend == transport.Secure {
		want = "CURVE"
	}
	if mechanism != want {
		return transport.Verdict{Reason: transport.RefusedMechanism}
	}
	return g.ask(caller)
}

// ask asks the gate about a client of the right mechanism. One of TCP without an address would pass for one that comes from this host.
func (g *guard) ask(caller transport.Caller) transport.Verdict {
	if !caller.Addr.IsValid() && !g.ipc {
		return transport.Verdict{Reason: transport.RefusedAddress}
	}
	return g.gate.Judge(caller)
}

// count counts one who was let in. The caller holds mu.
func (g *guard) count(identity string) {
	g.stats.Admitted++
	if identity == "" {
		return
	}
	if g.stats.ByClient == nil {
		g.stats.ByClient = make(map[string]uint64)
	}
	g.stats.ByClient[identity]++
}

// meet tells whether the log has not told of v yet. The caller holds mu.
func (g *guard) meet(v visitor) bool {
	if _, ok := g.known[v]; ok || len(g.known) >= maxKnown {
		return false
	}
	g.known[v] = struct{}{}
	return true
}

// refuse counts a refusal and returns the line that the log is to have of it, if any. The caller holds mu.
func (g *guard) refuse(why transport.Refusal, who transport.Caller, now time.Time) *refusalLine {
	if g.stats.Refused == nil {
		g.stats.Refused = make(map[transport.Refusal]uint64)
	}
	g.stats.Refused[why]++
	line := g.refused.add(refusal{addr: who.Addr, why: why, key: who.Key}, now)
	if line != nil {
		line.peer = g.peerField(who.Addr)
	}
	return line
}

// accept tells who has sent p, and whether that one is still admitted. c is nil when the connection has gone, as it has when libzmq itself takes
// subscriptions back. The socket's mu is held.
func (g *guard) accept(p part) (c *clientConn, identity string, ok bool) {
	if p.fd < 0 {
		return nil, "", false
	}
	c = g.connOf(p)
	changes := g.changes.Load()
	if c != nil && c.user == string(p.user) && c.spoke() && c.judged == changes {
		return c, c.identity, !c.cut
	}
	user, known := parseZAPUser(string(p.user))
	if !known {
		g.log().Error("message without the name of its sender: dropped")
		return c, "", false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c != nil && c.user != string(p.user) {
		g.introduce(c, p.fd, string(p.user), user)
	}
	verdict := g.ask(transport.Caller{Addr: g.addrOf(c, p), Key: user.key})
	ok = verdict.Admitted || verdict.Keep
	if c == nil {
		return nil, verdict.Identity, ok
	}
	if verdict.Identity != "" {
		c.identity = verdict.Identity
	}
	if ok {
		c.judged = changes
		return c, c.identity, !c.cut
	}
	// The review that follows cuts it, when it is certain whose the descriptor is.
	g.reviewed = changes - 1
	kick(g.s.monitor.signal)
	return c, c.identity, false
}

// noteEnds has the ends of connections noted.
func (g *guard) noteEnds() {
	if g != nil {
		g.ends = make(map[int]uint64)
	}
}

// noteEnd notes the end of the connection c, which had the descriptor fd. The socket's mu is held.
func (g *guard) noteEnd(fd int, c *clientConn) {
	switch {
	case g.ends == nil:
	case c.spoke():
		g.ends[fd] = max(g.ends[fd], c.serial)
		g.gone.add(fd, c.user, c.topics)
		c.topics = topicSet{} // others may know c for long
		g.s.kick()            // what it had may have been read
	default:
		// Its serial is not known: it is none of those that are still to be given.
		g.ends[fd] = g.auth.serial.Load()
	}
}

// connOf returns the connection that p has come over; nil when it has gone, and maybe its descriptor has become another's. The socket's mu is held.
func (g *guard) connOf(p part) *clientConn {
	c := g.conns.byFD[p.fd]
	if c == nil || c.user != string(p.user) {
		g.readEvents() // a connection is told of before its first message can be read
		c = g.conns.byFD[p.fd]
	}
	if c == nil || c.user == string(p.user) {
		return c
	}
	user, ok := parseZAPUser(string(p.user))
	if !ok {
		return nil
	}
	return g.conns.of(p.fd, user.serial)
}

// introduce notes who has a connection. The caller holds mu.
func (g *guard) introduce(c *clientConn, fd int, text string, user zapUser) {
	c.identity = g.hosts.spoke(c.id.peer.Addr(), user.key)
	c.user, c.serial, c.key = text, user.serial, user.key
	c.topics = g.gone.take(fd, text)
	c.tap.end()
}

// addrOf is the address of the sender of p.
func (g *guard) addrOf(c *clientConn, p part) netip.Addr {
	if c != nil && c.id.peer.IsValid() {
		return c.id.peer.Addr().WithZone("")
	}
	return peerAddr(p).WithZone("")
}

// clients returns the subscribers. The socket's mu is held.
func (g *guard) clients() []transport.Client {
	g.readEvents()
	return g.conns.subscribers()
}

func (g *guard) accessStats() transport.AccessStats {
	if g == nil || admitsAll(g.gate) {
		return transport.AccessStats{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.ByClient, s.Refused = maps.Clone(s.ByClient), maps.Clone(s.Refused)
	return s
}

// clientField names a client that has a name.
func clientField(identity string) []zap.Field {
	if identity == "" {
		return nil
	}
	return []zap.Field{zap.String("client", identity)}
}

// peerField is the address of a client, if that can be told.
func (g *guard) peerField(addr netip.Addr) zap.Field {
	switch {
	case addr.IsValid():
		return zap.Stringer("peer", addr)
	case g.ipc:
		return zap.String("peer", "ipc")
	}
	return zap.String("peer", "unknown")
}
