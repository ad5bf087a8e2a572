package inmem

import (
	"bytes"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// link is one connection of an inbox to a peer that sends, or the wish to have one. All is guarded by Network.mu.
type link struct {
	dial
	inbox *inbox
	peer  *outbox // nil while not connected
	// pending are the frames on their way: sent, and not yet taken in since the inbox is full. They stand for both queues of
	// the connection and what is between them.
	pending [][]byte
	refusal *refusal // told, and nothing else since
	slow    transport.Slowness
	full    bool // the last frame for it was lost
}

// closedByPeer is the cause of a connection lost in the usual way.
const closedByPeer = "connection closed"

// anyone matches all connections.
func anyone(*dial) bool { return true }

func (l *link) refused(why *refusal) {
	if l.refusal != why {
		l.refusal = why
		l.event(transport.HandshakeFailed, why.reason, why.cause)
	}
}

// event tells the program, when it wants to know.
func (l *link) event(kind transport.EventKind, reason transport.Failure, cause string) {
	if l.inbox.report != nil {
		l.inbox.report(transport.Event{Kind: kind, Peer: l.to, Reason: reason, Cause: cause})
	}
}

// lose ends the connection and waits for the peer to come back. What is pending still arrives.
func (l *link) lose(cause string) {
	l.peer.unlink(l)
	l.event(transport.Lost, "", cause)
	l.inbox.owner.network.dial(&l.dial)
}

// drop ends the connection for good.
func (l *link) drop() {
	if l.peer != nil {
		l.peer.unlink(l)
	} else {
		l.inbox.owner.network.hangUp(&l.dial)
	}
}

// outbox is the sending side of connections: that of a publisher or a pusher. All is guarded by Network.mu.
type outbox struct {
	queue   int // frames held for one connection
	links   []*link
	changed broadcast // a link came, went or has room again; a subscription came
	// greet is told of a connection that has asked for a topic. Nil: that of a pusher.
	greet func(l *link, topic string)
}

// link takes a connection from an inbox of the right kind.
func (o *outbox) link(l *link) {
	l.peer, l.refusal = o, nil
	l.slow, l.full = transport.Slowness{}, false
	o.links = append(o.links, l)
	o.changed.fire()
	l.event(transport.Connected, "", "")
}

func (o *outbox) unlink(l *link) {
	o.links = slices.DeleteFunc(o.links, func(other *link) bool { return other == l })
	l.peer = nil
	o.changed.fire()
}

// dropLinks loses the connections that match and returns their number.
func (o *outbox) dropLinks(cause string, match func(*dial) bool) uint64 {
	count := uint64(0)
	for _, l := range slices.Clone(o.links) {
		if match(&l.dial) {
			l.lose(cause)
			count++
		}
	}
	return count
}

// room tells whether l can take another frame.
func (o *outbox) room(l *link) bool {
	return l.inbox.room(l) || len(l.pending) < o.queue+l.inbox.queue
}

// send hands a frame to l, which has room.
func (o *outbox) send(l *link, frame []byte) {
	if int64(len(frame)) > l.inbox.maxMessage {
		l.lose("message too long")
		return
	}
	body := bytes.Clone(frame)
	if l.inbox.room(l) {
		l.inbox.take(l, body)
	} else {
		l.pending = append(l.pending, body)
	}
}
