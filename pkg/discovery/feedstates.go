package discovery

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// feedStates collects what happens to the connections of the feeds, for the goroutine that follows them.
type feedStates struct {
	came chan struct{} // one deep: something is in pending

	mu      sync.Mutex
	pending map[transport.Address]feedState
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
	for _, peer := range slices.SortedFunc(maps.Keys(happened), compareAddresses) {
		connected = connected || happened[peer].connected
		host := w.feedHost(peer)
		host.happened(w.log, happened[peer].last, time.Now())
		w.tellAskers(peer.Endpoint.Host(), host.up())
	}
	return connected
}

// tellAskers tells those who ask the nameserver on a host whether its feed stands.
func (w *watch) tellAskers(host string, up bool) {
	for i, a := range w.askers {
		if w.cfg.Nameservers[i].Endpoint.Host() == host {
			a.hears(up)
		}
	}
}

// feedHost returns what is known of the host of a feed.
func (w *watch) feedHost(feed transport.Address) *feedHost {
	name := feed.Endpoint.Host()
	if h, ok := w.hosts[name]; ok {
		return h
	}
	if w.hosts == nil {
		w.hosts = make(map[string]*feedHost)
	}
	h := &feedHost{last: make(map[transport.Address]transport.Event)}
	for _, other := range w.cfg.Feeds {
		if other.Endpoint.Host() == name {
			h.feeds++
		}
	}
	w.hosts[name] = h
	return h
}

// logLateFeeds logs hosts none of whose feeds has come up in time, and tells whether there are more to wait for.
func (w *watch) logLateFeeds() (waiting bool) {
	now := time.Now()
	for _, name := range slices.Sorted(maps.Keys(w.hosts)) {
		w.hosts[name].overdue(w.log, now)
	}
	return w.feedsWaiting()
}

func (w *watch) feedsWaiting() bool {
	for _, h := range w.hosts {
		if h.waiting() {
			return true
		}
	}
	return false
}

func compareAddresses(a, b transport.Address) int {
	return strings.Compare(a.String(), b.String())
}
