package nameserver

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// localRefresh is how old the list of this host's addresses may be when one is not found in it.
const localRefresh = 5 * time.Second

// localHosts tells this host's addresses from others. The list is read again, since addresses come and go with networks.
type localHosts struct {
	list func() ([]netip.Addr, error)
	log  *zap.Logger

	mu    sync.Mutex
	addrs []netip.Addr
	read  time.Time
}

// contains tells whether addr is one of this host's.
func (l *localHosts) contains(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if addr.IsLoopback() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.addrs, addr) && time.Since(l.read) < localMaxAge {
		return true
	}
	l.refresh()
	return slices.Contains(l.addrs, addr)
}

// localMaxAge is how old the list may be at all.
const localMaxAge = time.Minute

// refresh reads the list, unless it is new. The caller holds mu.
func (l *localHosts) refresh() {
	if !l.read.IsZero() && time.Since(l.read) < localRefresh {
		return
	}
	addrs, err := l.list()
	l.read = time.Now()
	if err != nil {
		l.log.Warn("this host's addresses are not known", zap.Error(err))
		return
	}
	l.addrs = addrs
}

// hasIPv6Loopback tells whether ::1 can be bound; where IPv6 is switched off it can't.
func (l *localHosts) hasIPv6Loopback() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	return slices.Contains(l.addrs, netip.IPv6Loopback())
}
