package pubsub

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// handshakes logs publishers that do not let us in, each once for each reason, and counts. One that fails for one reason after the other, or lets us in
// in between, must not fill the log.
type handshakes struct {
	failed atomic.Uint64

	mu      sync.Mutex
	failing map[transport.Endpoint]*failing
	lines   budget
}

// failing is a publisher that does not let us in, or did not some time ago.
type failing struct {
	logged transport.Failure // the reason that was logged last, since it let us in last
	since  time.Time
	count  uint64 // failures since it let us in last
	lines  budget
}

// event takes in what happened to a connection.
func (h *handshakes) event(log *zap.Logger, e transport.Event) {
	uri := zap.Stringer("uri", e.Peer.Endpoint)
	switch e.Kind {
	case transport.HandshakeFailed:
		h.failed.Add(1)
		if leftOut, ok := h.failure(e); ok {
			log.Warn("handshake with publisher failed", uri, zap.String("backend", string(e.Peer.Backend)), zap.String("reason", string(e.Reason)),
				zap.String("cause", e.Cause), zap.String("hint", e.Reason.Advice(e.Peer.Backend)), left(leftOut))
		}
	case transport.Connected:
		if was, ok := h.over(e.Peer.Endpoint); ok {
			log.Info("publisher connected after failed handshakes", uri, zap.Uint64("count", was.count), zap.Duration("age", time.Since(was.since)))
		}
	}
}

// failure notes a failed handshake, and tells whether it is news for the log, and how many such were left out before.
func (h *handshakes) failure(e transport.Event) (leftOut uint64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, known := h.failing[e.Peer.Endpoint]
	if !known {
		if h.failing == nil || len(h.failing) >= maxRefusals {
			h.failing = make(map[transport.Endpoint]*failing)
		}
		f = &failing{}
		h.failing[e.Peer.Endpoint] = f
	}
	if f.count++; f.count == 1 {
		f.since = time.Now()
	}
	if f.logged == e.Reason {
		return 0, false
	}
	if leftOut, ok = f.lines.allow(peerBurst, peerInterval); !ok {
		return 0, false
	}
	others, ok := h.lines.allow(allBurst, allInterval)
	if ok {
		f.logged = e.Reason
	}
	return leftOut + others, ok
}

// over notes that a publisher has let us in. It returns what was known of it, if the log has that it did not.
func (h *handshakes) over(peer transport.Endpoint) (was failing, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, known := h.failing[peer]
	if !known {
		return failing{}, false
	}
	was = *f
	*f = failing{lines: f.lines}
	return was, was.logged != ""
}

// forget drops what is known of a publisher.
func (h *handshakes) forget(peer transport.Endpoint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.failing, peer)
}
