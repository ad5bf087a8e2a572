package inmem

import (
	"bytes"
	"errors"
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
	refusal string // why the peer did not match, told once
}

// errMismatch refuses a connection between sockets of kinds that don't match: a subscriber and a replier, say.
var errMismatch = errors.New("peer is a socket of another kind")

// closedByPeer is the cause of a connection lost in the usual way.
const closedByPeer = "connection closed"

// anyHost matches connections from everywhere.
func anyHost(*host) bool { return true }

func (l *link) refused(cause error) {
	if l.refusal != cause.Error() {
		l.refusal = cause.Error()
		l.inbox.event(transport.HandshakeFailed, l, l.refusal)
	}
}

// lose ends the connection and waits for the peer to come back. What is pending still arrives.
func (l *link) lose(cause string) {
	l.peer.unlink(l)
	l.inbox.event(transport.Lost, l, cause)
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
}

// link takes a connection from an inbox of the right kind.
func (o *outbox) link(l *link) {
	l.peer, l.refusal = o, ""
	o.links = append(o.links, l)
	o.changed.fire()
	l.inbox.event(transport.Connected, l, "")
}

func (o *outbox) unlink(l *link) {
	o.links = slices.DeleteFunc(o.links, func(other *link) bool { return other == l })
	l.peer = nil
	o.changed.fire()
}

func (o *outbox) dropLinks(cause string, match func(from *host) bool) {
	for _, l := range slices.Clone(o.links) {
		if match(l.from.host) {
			l.lose(cause)
		}
	}
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
