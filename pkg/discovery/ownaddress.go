package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Limits and places of the rule for a host's own address (doc/protocol.md, section 3).
const (
	// farAway is what a UDP socket is connected to; nothing is sent.
	farAway = "8.8.8.8:80"
	// resolveTimeout bounds each resolving of a name.
	resolveTimeout = 2 * time.Second
)

// OwnAddress returns the host to announce, without brackets also where it is an IPv6 address: net.JoinHostPort adds them.
//
// When want is an IP address, it is that, whether this host has it or not: it may be that of a gateway. When want is
// the name of a network interface, it is the interface's first IPv4 address, and its IPv6 address only where it has none of
// the other kind. Any other want is a host name and is announced as it is, so that subscribers resolve it; one that
// is known not to exist is an error.
//
// When want is empty, it is the first of these that is not a loopback address: the source address of the route to
// the internet, the address of this host's name, that of any interface; else 127.0.0.1.
func OwnAddress(want string) (string, error) {
	return thisHost().ownOrWanted(context.Background(), want)
}

// LocalAddresses are this host's, loopback among them, sorted, IPv4 addresses as such and IPv6 ones without zone.
func LocalAddresses() ([]netip.Addr, error) {
	return thisHost().addresses()
}

// hostView is what is asked about this host; tests answer in its place.
type hostView struct {
	// route returns the source address of the route to the internet.
	route func() (netip.Addr, error)
	// hostname is the name of this host.
	hostname func() (string, error)
	// resolve returns the addresses of a host name.
	resolve func(ctx context.Context, name string) ([]netip.Addr, error)
	// interfaces returns the interfaces that are up, in the system's order.
	interfaces func() ([]iface, error)
}

// iface is a network interface.
type iface struct {
	name  string
	addrs []netip.Addr
}

func thisHost() hostView {
	return hostView{
		route:    routeToInternet,
		hostname: os.Hostname,
		resolve: func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		},
		interfaces: systemInterfaces,
	}
}

func (h hostView) ownOrWanted(ctx context.Context, want string) (string, error) {
	if want == "" {
		return h.own(ctx), nil
	}
	if addr, err := netip.ParseAddr(want); err == nil {
		if addr.IsUnspecified() {
			return "", fmt.Errorf("own address %q: is where sockets bind, not where others reach this host", want)
		}
		return addr.Unmap().String(), nil
	}
	all, err := h.interfaces()
	if err != nil {
		return "", fmt.Errorf("own address %q: interfaces of this host: %w", want, err)
	}
	for _, i := range all {
		if i.name == want {
			return i.address()
		}
	}
	return h.name(ctx, want, all)
}

// name checks a host name that is to be announced.
func (h hostView) name(ctx context.Context, name string, all []iface) (string, error) {
	if ep, err := transport.ConnectEndpoint("tcp://" + name + ":1"); err != nil || ep.Host() != name {
		return "", fmt.Errorf("own address %q: is no address, no interface of this host (%s) and no host name", name, names(all))
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	_, err := h.resolve(ctx, name)
	// Other failures pass: the network may not be up yet, and this host need not be able to resolve its own name.
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "", fmt.Errorf("own address %q: is no interface of this host (%s) and no host of that name exists", name, names(all))
	}
	return name, nil
}

// own is the rule for the address when none is wanted. It is IPv4: Python peers take an IPv6 URI and never connect.
func (h hostView) own(ctx context.Context) string {
	if addr, err := h.route(); err == nil && usable(addr) {
		return addr.String()
	}
	for _, addr := range h.resolveSelf(ctx) {
		if usable(addr.Unmap()) {
			return addr.Unmap().String()
		}
	}
	if addr, ok := h.ofAnyInterface(); ok {
		return addr.String()
	}
	return "127.0.0.1"
}

// ofAnyInterface returns the first address that others can reach, link-local ones last.
func (h hostView) ofAnyInterface() (netip.Addr, bool) {
	all, err := h.interfaces()
	if err != nil {
		return netip.Addr{}, false
	}
	var linkLocal netip.Addr
	for _, i := range all {
		for _, addr := range i.addrs {
			switch {
			case !usable(addr):
			case !addr.IsLinkLocalUnicast():
				return addr, true
			case !linkLocal.IsValid():
				linkLocal = addr
			}
		}
	}
	return linkLocal, linkLocal.IsValid()
}

// resolveSelf returns the addresses of this host's name; none where it has no name that resolves.
func (h hostView) resolveSelf(ctx context.Context) []netip.Addr {
	name, err := h.hostname()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	addrs, err := h.resolve(ctx, name)
	if err != nil {
		return nil
	}
	return addrs
}

// addresses returns the addresses of all interfaces, sorted.
func (h hostView) addresses() ([]netip.Addr, error) {
	all, err := h.interfaces()
	if err != nil {
		return nil, fmt.Errorf("addresses of this host: %w", err)
	}
	var addrs []netip.Addr
	for _, i := range all {
		addrs = append(addrs, i.addrs...)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs), nil
}

// usable tells whether others can reach an IPv4 address.
func usable(addr netip.Addr) bool {
	return addr.Is4() && !addr.IsLoopback() && !addr.IsUnspecified()
}

// address is the one to announce of an interface that was asked for by name.
func (i iface) address() (string, error) {
	is4 := func(a netip.Addr) bool { return a.Is4() }
	global6 := func(a netip.Addr) bool { return a.Is6() && !a.IsLinkLocalUnicast() }
	for _, kind := range []func(netip.Addr) bool{is4, global6} {
		if j := slices.IndexFunc(i.addrs, kind); j >= 0 {
			return i.addrs[j].String(), nil
		}
	}
	return "", fmt.Errorf("own address %q: the interface has no address", i.name)
}

func names(all []iface) string {
	var s string
	for _, i := range all {
		if s != "" {
			s += ", "
		}
		s += i.name
	}
	return s
}

func routeToInternet() (netip.Addr, error) {
	conn, err := net.Dial("udp4", farAway)
	if err != nil {
		return netip.Addr{}, err
	}
	addr := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	return addr, conn.Close()
}

func systemInterfaces() ([]iface, error) {
	system, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var all []iface
	for _, s := range system {
		if s.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := s.Addrs()
		if err != nil {
			return nil, fmt.Errorf("interface %s: %w", s.Name, err)
		}
		i := iface{name: s.Name}
		for _, a := range addrs {
			if p, ok := a.(*net.IPNet); ok {
				if addr, ok := netip.AddrFromSlice(p.IP); ok {
					i.addrs = append(i.addrs, addr.Unmap())
				}
			}
		}
		all = append(all, i)
	}
	return all, nil
}
