package nameserver

import (
	"net/netip"
	"sync"
	"time"
)

// hearing remembers from which hosts announcements came last, to tell a publisher's silence from our own deafness. The zero value is ready; it may be
// used concurrently.
type hearing struct {
	mu    sync.Mutex
	hosts [8]struct {
		addr netip.Addr
		at   time.Time
	}
}

// note notes an announcement.
func (h *hearing) note(from netip.Addr, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := &h.hosts[0]
	for i := range h.hosts {
		at := &h.hosts[i]
		if at.addr == from {
			at.at = now
			return
		}
		if at.at.Before(oldest.at) {
			oldest = at
		}
	}
	oldest.addr, oldest.at = from, now
}

// others tells whether there are hosts besides addr and those that skip says, and whether one of them was heard after since.
func (h *hearing) others(addr netip.Addr, since time.Time, skip func(netip.Addr) bool) (there, heard bool) {
	h.mu.Lock()
	hosts := h.hosts
	h.mu.Unlock()
	for _, other := range hosts {
		if other.addr.IsValid() && other.addr != addr && !skip(other.addr) {
			there = true
			heard = heard || other.at.After(since)
		}
	}
	return there, heard
}
