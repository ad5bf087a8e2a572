package httpd

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
)

// seat is the place of one who follows the events.
type seat struct {
	host netip.Addr
	end  context.CancelFunc
}

// hostOf is what counts as one host: an address, or an IPv6 network of 64 bits, in which a host has as many addresses as it likes. It is the zero address for
// who asks by a unix socket.
func hostOf(remote string) netip.Addr {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr().Unmap().WithZone("")
	if !addr.Is6() {
		return addr
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return network.Addr()
}

// take makes room for one more. Where all seats are taken the host that has most gives up its oldest, if it has several: one host alone keeps nobody out. It
// is nil where nobody has more than one. The stream ends with the context; the caller calls leave.
func (e *Events) take(r *http.Request) (*seat, context.Context) {
	host := hostOf(r.RemoteAddr)
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.seats) >= maxStreams {
		oldest := e.greediest()
		if oldest < 0 {
			return nil, nil
		}
		e.seats[oldest].end()
		e.seats = slices.Delete(e.seats, oldest, oldest+1)
	}
	ctx, end := context.WithCancel(r.Context())
	s := &seat{host, end}
	e.seats = append(e.seats, s)
	return s, ctx
}

// greediest returns the index of the oldest seat of the host that has most; -1 where none has more than one. The caller holds mu.
func (e *Events) greediest() int {
	taken, most := make(map[netip.Addr]int), 1
	for _, s := range e.seats {
		taken[s.host]++
		most = max(most, taken[s.host])
	}
	if most == 1 {
		return -1
	}
	return slices.IndexFunc(e.seats, func(s *seat) bool { return taken[s.host] == most })
}

// leave gives a seat back.
func (e *Events) leave(s *seat) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s.end()
	if i := slices.Index(e.seats, s); i >= 0 {
		e.seats = slices.Delete(e.seats, i, i+1)
	}
}
