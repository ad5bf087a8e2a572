package zmq

import (
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// clientConn is a connection that a client has made to a bound socket.
type clientConn struct {
	id    connID
	begun time.Time // when libzmq took it; zero where that is not watched
	tap   tap       // of the handshake under way, of secure sockets

	// Of guarded sockets, once a message has come.
	user     string // User-Id of the messages
	serial   uint64 // of the handshake
	key      curve.PublicKey
	identity string
	judged   uint64 // number of the gate's changes at the last verdict
	cut      bool   // or about to be

	topics topicSet

	slow  slowHistory
	spell *spell // in which it may lose messages; nil: it keeps up
}

// spoke tells whether a message has come, and with it who the client is.
func (c *clientConn) spoke() bool { return c.user != "" }

// clientConns are the connections to a bound socket, by their descriptors. Those of guarded sockets come and go as the monitor tells, those of
// others are found by their messages, and go as the monitor tells; what a message that is read later makes of one that has gone is passed over.
type clientConns struct {
	byFD map[int]*clientConn
	// last is the serial of the last connection that a descriptor had, where it is known. Messages up to it are left over from that one.
	last map[int]uint64
}

func newClientConns() clientConns {
	return clientConns{byFD: make(map[int]*clientConn), last: make(map[int]uint64)}
}

// begin enters a connection that libzmq has taken. id is the zero value where it has gone already; its end is still to be told then.
func (t *clientConns) begin(fd int, id connID, now time.Time) *clientConn {
	t.end(fd)
	c := &clientConn{id: id, begun: now}
	t.byFD[fd] = c
	return c
}

// end takes out a connection that is closed, and returns it; nil when there is none.
func (t *clientConns) end(fd int) *clientConn {
	c, ok := t.byFD[fd]
	if !ok {
		return nil
	}
	delete(t.byFD, fd)
	if c.serial > 0 {
		t.last[fd] = c.serial
	}
	return c
}

// of returns the connection with a descriptor, when a message of that serial may be its first one, and is not left over from the connection that had
// the descriptor before; nil otherwise.
func (t *clientConns) of(fd int, serial uint64) *clientConn {
	c := t.byFD[fd]
	if c == nil || serial <= t.last[fd] || serial < c.serial {
		return nil
	}
	return c
}

// isLeft tells whether p is left over, for certain, from a connection that had its descriptor before.
func (t *clientConns) isLeft(p part) bool {
	user, known := parseZAPUser(string(p.user))
	return known && user.serial <= t.last[p.fd]
}

// find returns the connection that has the descriptor now, as it is known or as a new one; nil when there is none.
func (t *clientConns) find(fd int) *clientConn {
	id, ok := identify(fd)
	if !ok {
		delete(t.byFD, fd)
		return nil
	}
	c := t.byFD[fd]
	if c == nil || c.id != id {
		c = &clientConn{id: id}
		t.byFD[fd] = c
	}
	return c
}

// subscribers returns those that have subscribed to something and are still there, sorted by identity and address.
func (t *clientConns) subscribers() []transport.Client {
	var list []transport.Client
	for fd, c := range t.byFD {
		if c.topics.len() == 0 || c.cut {
			continue
		}
		if id, ok := identify(fd); !ok || id != c.id {
			continue
		}
		list = append(list, transport.Client{Identity: c.identity, Addr: c.id.peer, Topics: c.topics.len(), Slow: c.slowness()})
	}
	slices.SortFunc(list, transport.Client.Compare)
	return list
}
