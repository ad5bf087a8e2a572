package nameserver

import (
	"maps"
	"net/netip"
	"sync"
	"time"
)

// mostHeard is the number of hosts that a hearing remembers at least.
const mostHeard = 4096

// hearing remembers when announcements of a host came last: to tell a publisher's silence from our own deafness, and a host that is gone from a program there that
// hangs. The zero value is ready; it may be used concurrently.
type hearing struct {
	mu sync.Mutex
	// Those of late, and those before: half of the memory is forgotten at a time, which keeps noting cheap.
	hosts, older map[netip.Addr]time.Time
}

// note notes an announcement.
func (h *hearing) note(from netip.Addr, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.hosts[from]; !known && len(h.hosts) >= mostHeard || h.hosts == nil {
		h.older, h.hosts = h.hosts, make(map[netip.Addr]time.Time)
	}
	h.hosts[from] = now
}

// host tells whether addr was heard after since.
func (h *hearing) host(addr netip.Addr, since time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hosts[addr].After(since) || h.older[addr].After(since)
}

// others tells whether there are hosts besides addr and those that skip says, and whether one of them was heard after since.
func (h *hearing) others(addr netip.Addr, since time.Time, skip func(netip.Addr) bool) (there, heard bool) {
	h.mu.Lock()
	hosts := maps.Clone(h.older)
	if hosts == nil {
		hosts = make(map[netip.Addr]time.Time)
	}
	maps.Copy(hosts, h.hosts)
	h.mu.Unlock()
	for other, at := range hosts {
		if other.IsValid() && other != addr && !skip(other) {
			if there = true; at.After(since) {
				return true, true
			}
		}
	}
	return there, false
}
