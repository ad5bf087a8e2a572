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

	mark mark      // of unguarded publishers
	left time.Time // when its end was told; zero: it is there

	slow  slowHistory
	spell *spell // in which it may lose messages; nil: it keeps up
}

// spoke tells whether a message has come, and with it who the client is.
func (c *clientConn) spoke() bool { return c.user != "" }

// clientConns are the connections to a bound socket, by their descriptors. Those of guarded sockets come and go as the monitor tells, those of
// others are found by their messages, and go some time after the monitor has told (age).
type clientConns struct {
	byFD    map[int]*clientConn
	leaving bool      // some have ended that are there still
	aged    time.Time // when those were looked for
	// open are the descriptors of connections to an unguarded socket, from when the monitor has told that one begins until it has told that it has ended.
	open map[int]struct{}
	// last is the serial of the last connection that a descriptor had, where it is known. Messages up to it are left over from that one.
	last map[int]uint64
}

func newClientConns() clientConns {
	return clientConns{byFD: make(map[int]*clientConn), open: make(map[int]struct{}), last: make(map[int]uint64)}
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

// find returns the connection that p has come over; nil when that is not known yet.
func (t *clientConns) find(p part) *clientConn {
	if c := t.byFD[p.fd]; c != nil && c.mark.on(p) {
		return c
	}
	return nil
}

// enter enters the connection over which p has come as its first message; the monitor has been read. All that has come over the one that had the descriptor before has been read by now.
func (t *clientConns) enter(p part, now time.Time) *clientConn {
	if c := t.byFD[p.fd]; c != nil {
		c.mark.drop()
	}
	c := &clientConn{mark: newMark(p)}
	if _, open := t.open[p.fd]; open {
		c.id, _ = identify(p.fd)
	} else {
		c.left, t.leaving = now, true
	}
	t.byFD[p.fd] = c
	return c
}

// leave takes in that a connection has ended. What it has sent may still have to be read, and its topics are what that depends on.
func (t *clientConns) leave(fd int, now time.Time) {
	delete(t.open, fd)
	if c := t.byFD[fd]; c != nil && c.left.IsZero() {
		c.left, t.leaving = now, true
	}
}

// age is called when there is nothing to be read. What had ended some time ago is forgotten.
func (t *clientConns) age(now time.Time) {
	if !t.leaving || now.Sub(t.aged) < goneTime/4 { // all of them are gone through
		return
	}
	t.leaving, t.aged = false, now
	for fd, c := range t.byFD {
		switch {
		case c.left.IsZero():
		case now.Sub(c.left) < goneTime:
			t.leaving = true
		default:
			c.mark.drop()
			delete(t.byFD, fd)
		}
	}
}

// drop forgets all.
func (t *clientConns) drop() {
	for _, c := range t.byFD {
		c.mark.drop()
	}
	clear(t.byFD)
}

// subscribers returns those that have subscribed to something and are still there, sorted by identity and address.
func (t *clientConns) subscribers() []transport.Client {
	var list []transport.Client
	for fd, c := range t.byFD {
		if c.topics.len() == 0 || c.cut || !c.left.IsZero() {
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
