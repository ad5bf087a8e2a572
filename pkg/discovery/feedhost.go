package discovery

import (
	"maps"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// feedGrace is how long the feeds of a host may fail, while none of them has ever come up, before that is worth a warning: longer than any connection waits
// before it is tried again.
const feedGrace = 30 * time.Second

// feedHost is a host with feeds. Where it has several, they are the ports on one of which its nameserver may have the feed that we can follow: it is
// enough when one stands, and no news that the others fail.
type feedHost struct {
	feeds int
	last  map[transport.Address]transport.Event // what happened to each last
	state hostState
	since time.Time // of the first failure, while nothing else is known
}

// hostState is what was logged of a host last.
type hostState int

const (
	hostUnknown hostState = iota
	hostUp
	hostDown
)

// happened takes in what happened to a feed, and logs it if it changes anything.
func (h *feedHost) happened(log *zap.Logger, e transport.Event, now time.Time) {
	h.last[e.Peer] = e
	peer := zap.Stringer("peer", e.Peer)
	switch {
	case h.up() && h.state == hostUnknown:
		log.Debug("change feed connected", peer)
		h.state = hostUp
	case h.up() && h.state == hostDown:
		log.Info("change feed is back", peer)
		h.state = hostUp
	case h.up() || h.state == hostDown:
	case h.state == hostUp || h.feeds == 1:
		logFailure(log, e)
		h.state = hostDown
	case h.since.IsZero():
		h.since = now
	}
}

// overdue logs what keeps each feed of a host from coming up, when they have had the time.
func (h *feedHost) overdue(log *zap.Logger, now time.Time) {
	if !h.waiting() || now.Sub(h.since) < feedGrace {
		return
	}
	for _, peer := range slices.SortedFunc(maps.Keys(h.last), compareAddresses) {
		logFailure(log, h.last[peer])
	}
	h.state = hostDown
}

// waiting tells whether feeds have failed and it is open whether another one comes up.
func (h *feedHost) waiting() bool { return h.state == hostUnknown && !h.since.IsZero() }

// up tells whether a feed stands.
func (h *feedHost) up() bool {
	for _, e := range h.last {
		if e.Kind == transport.Connected {
			return true
		}
	}
	return false
}

func logFailure(log *zap.Logger, e transport.Event) {
	peer, cause := zap.Stringer("peer", e.Peer), zap.String("cause", e.Cause)
	if e.Kind == transport.HandshakeFailed {
		log.Warn("handshake with change feed failed", peer, zap.String("reason", string(e.Reason)), cause, hint(e.Reason, e.Peer))
		return
	}
	log.Warn("change feed lost", peer, cause)
}
