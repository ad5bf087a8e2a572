package discovery

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// feedStates collects what happens to the connections of the feeds, for the goroutine that follows them.
type feedStates struct {
	came chan struct{} // one deep: something is in pending

	mu      sync.Mutex
	pending map[transport.Address]feedState
	states  map[transport.Address]feedState // as last logged
}

// feedState is a connection's latest event, and whether it stood in between.
type feedState struct {
	last      transport.Event
	connected bool
}

// event takes in an event. It never blocks.
func (s *feedStates) event(e transport.Event) {
	s.mu.Lock()
	if s.pending == nil {
		s.pending = make(map[transport.Address]feedState)
	}
	p := s.pending[e.Peer]
	p.last = e
	p.connected = p.connected || e.Kind == transport.Connected
	s.pending[e.Peer] = p
	s.mu.Unlock()
	select {
	case s.came <- struct{}{}:
	default:
	}
}

// take returns what happened since it was called last.
func (s *feedStates) take() map[transport.Address]feedState {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending
	s.pending = nil
	return p
}

// logFeeds logs feeds that were lost and came back, once each, and tells whether any has connected.
func (w *watch) logFeeds() bool {
	var connected bool
	happened := w.feeds.take()
	if w.feeds.states == nil {
		w.feeds.states = make(map[transport.Address]feedState)
	}
	for _, peer := range slices.SortedFunc(maps.Keys(happened), compareAddresses) {
		now, before := happened[peer], w.feeds.states[peer]
		w.feeds.states[peer] = now
		connected = connected || now.connected
		log := w.log.With(zap.Stringer("peer", peer))
		up := now.last.Kind == transport.Connected
		switch wasUp, known := before.last.Kind == transport.Connected, before.last.Kind != 0; {
		case up && !known:
			log.Debug("change feed connected")
		case up && !wasUp:
			log.Info("change feed is back")
		case !up && (wasUp || !known):
			log.Warn("change feed lost", zap.String("cause", now.last.Cause))
		}
	}
	return connected
}

func compareAddresses(a, b transport.Address) int {
	return strings.Compare(a.String(), b.String())
}
