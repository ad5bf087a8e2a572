package inmem

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Range of the ports that port 0 picks from where a caller names none (doc/protocol.md, section 2).
const (
	defaultMinPort = 49152
	defaultMaxPort = 65536
)

// host is what has an address. All is guarded by Network.mu.
type host struct {
	addrs    []netip.Addr // the first one is what its peers see
	cut      bool
	bindings []*binding
	lastPort int // picked for port 0: a port just freed is not given out again at once
}

// place is where a socket is bound or wants to connect to.
type place struct {
	scheme string
	addr   netip.Addr // tcp; 0.0.0.0: every address of the host; invalid: a name, and nobody has names here
	port   int        // tcp
	path   string     // ipc, inproc
	inside *Transport // inproc: known in its own transport only
}

// binding is a bound socket.
type binding struct {
	host  *host
	place place
	door  *door
	end   acceptor
}

// acceptor is what a bound socket does with those that connect to it. All is called with Network.mu held.
type acceptor interface {
	// accept connects d, which was admitted, or says why the two don't match.
	accept(d *dial) *refusal
	// dropLinks loses the connections that match.
	dropLinks(cause string, match func(*dial) bool)
	// revoke does so with those that are admitted no more, and drops what they have asked. It returns their number.
	revoke(match func(*dial) bool) uint64
}

// reachable tells whether wires lead from a to b.
func reachable(a, b *host) bool { return a == b || !a.cut && !b.cut }

// host returns the host with that address, a new one when there is none. The caller holds mu.
func (n *Network) host(addr netip.Addr) *host {
	addr = addr.Unmap()
	if !addr.IsValid() || isOwn(addr) || addr.IsMulticast() {
		panic(fmt.Sprintf("inmem: %s is no address of a host", addr))
	}
	h, ok := n.hosts[addr]
	if !ok {
		h = &host{addrs: []netip.Addr{addr}}
		n.hosts[addr] = h
	}
	return h
}

// addAddress gives h one more address. The caller holds mu.
func (n *Network) addAddress(h *host, addr netip.Addr) {
	addr = addr.Unmap()
	switch other, ok := n.hosts[addr]; {
	case !ok:
		n.hosts[addr] = h
		h.addrs = append(h.addrs, addr)
	case other != h:
		panic(fmt.Sprintf("inmem: address %s belongs to another host", addr))
	}
}

// distinctHosts returns each host once, in the order of their first addresses. The caller holds mu.
func (n *Network) distinctHosts() []*host {
	var hosts []*host
	for addr, h := range n.hosts {
		if h.addrs[0] == addr {
			hosts = append(hosts, h)
		}
	}
	slices.SortFunc(hosts, func(a, b *host) int { return a.addrs[0].Compare(b.addrs[0]) })
	return hosts
}

// locate reads an endpoint as seen from t.
func locate(t *Transport, ep transport.Endpoint) place {
	p := place{scheme: ep.Scheme(), path: ep.Path()}
	switch p.scheme {
	case "inproc":
		p.inside = t
	case "tcp":
		p.addr, p.port = hostAddr(ep.Host()), ep.Port()
	}
	return p
}

// hostAddr reads the host of an endpoint.
func hostAddr(s string) netip.Addr {
	switch s {
	case "*":
		return netip.IPv4Unspecified()
	case "localhost":
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	addr, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return netip.Addr{}
	case addr.IsUnspecified():
		return netip.IPv4Unspecified()
	}
	return addr.Unmap().WithZone("")
}

// isOwn tells whether addr means the host that uses it. (To connect to 0.0.0.0 is to connect to oneself.)
func isOwn(addr netip.Addr) bool { return addr.IsLoopback() || addr.IsUnspecified() }

// bind binds end. The caller holds mu.
func (t *Transport) bind(cfg listenConfig, door *door, end acceptor) (*binding, error) {
	b := &binding{host: t.host, place: locate(t, cfg.endpoint), door: door, end: end}
	if err := t.host.checkLocal(b.place); err != nil {
		return nil, err
	}
	if b.place.scheme == "tcp" && b.place.port == 0 {
		port, err := t.host.freePort(b.place, cfg.minPort, cfg.maxPort)
		if err != nil {
			return nil, err
		}
		b.place.port = port
	}
	if t.host.bound(b.place) != nil {
		return nil, syscall.EADDRINUSE
	}
	t.host.bindings = append(t.host.bindings, b)
	return b, nil
}

// checkLocal refuses to bind a tcp address that the host doesn't have.
func (h *host) checkLocal(p place) error {
	switch {
	case p.scheme != "tcp", isOwn(p.addr), slices.Contains(h.addrs, p.addr):
		return nil
	case !p.addr.IsValid():
		return syscall.ENODEV
	}
	return syscall.EADDRNOTAVAIL
}

// overlap tells whether two places can't be told apart.
func overlap(p, q place) bool {
	if p.scheme != "tcp" || q.scheme != "tcp" {
		return p == q
	}
	return p.port == q.port && (p.addr == q.addr || p.addr.IsUnspecified() || q.addr.IsUnspecified())
}

// bound returns what overlaps p, or nil.
func (h *host) bound(p place) *binding {
	i := slices.IndexFunc(h.bindings, func(b *binding) bool { return overlap(b.place, p) })
	if i < 0 {
		return nil
	}
	return h.bindings[i]
}

// freePort picks a port in [minPort, maxPort).
func (h *host) freePort(p place, minPort, maxPort int) (int, error) {
	size := maxPort - minPort
	start := max(0, h.lastPort+1-minPort)
	for i := range size {
		p.port = minPort + (start+i)%size
		if h.bound(p) == nil {
			h.lastPort = p.port
			return p.port, nil
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d: %w", minPort, maxPort-1, syscall.EADDRINUSE)
}

// unbind frees the place of b. The caller holds mu.
func (b *binding) unbind() {
	b.host.bindings = slices.DeleteFunc(b.host.bindings, func(other *binding) bool { return other == b })
}

// find returns what is bound at p as seen from t, or nil. The caller holds mu.
func (n *Network) find(t *Transport, p place) *binding {
	h := t.host
	if p.scheme == "tcp" && !isOwn(p.addr) {
		if h = n.hosts[p.addr]; h == nil || !reachable(t.host, h) {
			return nil
		}
	}
	return h.bound(p)
}
