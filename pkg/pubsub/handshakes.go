package pubsub

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// handshakes logs publishers that do not let us in, each once for each reason, and counts.
type handshakes struct {
	failed atomic.Uint64

	mu      sync.Mutex
	failing map[transport.Endpoint]*failing
}

// failing is a publisher that has not let us in since it did last.
type failing struct {
	reason transport.Failure
	since  time.Time
	count  uint64
}

// event takes in what happened to a connection.
func (h *handshakes) event(log *zap.Logger, e transport.Event) {
	uri := zap.Stringer("uri", e.Peer.Endpoint)
	switch e.Kind {
	case transport.HandshakeFailed:
		h.failed.Add(1)
		if h.failure(e) {
			log.Warn("handshake with publisher failed", uri, zap.String("backend", string(e.Peer.Backend)), zap.String("reason", string(e.Reason)),
				zap.String("cause", e.Cause), zap.String("hint", e.Reason.Advice(e.Peer.Backend)))
		}
	case transport.Connected:
		if was, ok := h.forget(e.Peer.Endpoint); ok {
			log.Info("publisher connected after failed handshakes", uri, zap.Uint64("count", was.count), zap.Duration("age", time.Since(was.since)))
		}
	}
}

// failure notes a failed handshake, and tells whether it is news.
func (h *handshakes) failure(e transport.Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, known := h.failing[e.Peer.Endpoint]
	if !known {
		if h.failing == nil || len(h.failing) >= maxRefusals {
			h.failing = make(map[transport.Endpoint]*failing)
		}
		f = &failing{since: time.Now()}
		h.failing[e.Peer.Endpoint] = f
	}
	f.count++
	news := !known || f.reason != e.Reason
	f.reason = e.Reason
	return news
}

// forget returns what was known of a publisher that failed, for the last time.
func (h *handshakes) forget(peer transport.Endpoint) (was failing, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, ok := h.failing[peer]
	if !ok {
		return failing{}, false
	}
	delete(h.failing, peer)
	return *f, true
}
