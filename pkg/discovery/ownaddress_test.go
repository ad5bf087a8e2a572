package discovery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// host makes up a host: the address of the route, the host name's addresses, and interfaces as "name addr addr".
func host(t *testing.T, route string, self []string, ifaces ...string) hostView {
	t.Helper()
	var named []netip.Addr
	for _, s := range self {
		named = append(named, netip.MustParseAddr(s))
	}
	return hostView{
		route: func() (netip.Addr, error) {
			if route == "" {
				return netip.Addr{}, syscall.ENETUNREACH
			}
			return netip.ParseAddr(route)
		},
		hostname: func() (string, error) { return "me", nil },
		resolve: func(_ context.Context, name string) ([]netip.Addr, error) {
			switch {
			case name == "me" && named != nil:
				return named, nil
			case name == "ns.example.org":
				return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
			case name == "later.example.org":
				return nil, &net.DNSError{Err: "no server", Name: name, IsTemporary: true}
			}
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		},
		interfaces: func() ([]iface, error) {
			var all []iface
			for _, s := range ifaces {
				f := strings.Fields(s)
				i := iface{name: f[0]}
				for _, a := range f[1:] {
					i.addrs = append(i.addrs, netip.MustParseAddr(a))
				}
				all = append(all, i)
			}
			return all, nil
		},
	}
}

func TestOwnAddress(t *testing.T) {
	t.Parallel()
	const lo = "lo 127.0.0.1 ::1"
	tests := []struct {
		name string
		host hostView
		want string
		own  string // empty: an error that contains err
		err  string
	}{
		{"the route to the internet", host(t, "10.0.0.7", []string{"10.0.0.8"}, lo, "eth0 10.0.0.9"), "", "10.0.0.7", ""},
		{"no route: the host's name", host(t, "", []string{"10.0.0.8"}, lo, "eth0 10.0.0.9"), "", "10.0.0.8", ""},
		{"Debian's 127.0.1.1 is no address", host(t, "", []string{"127.0.1.1"}, lo, "eth0 10.0.0.9"), "", "10.0.0.9", ""},
		{"a good one behind it", host(t, "", []string{"127.0.1.1", "::1", "2001:db8::1", "10.0.0.8"}, lo), "", "10.0.0.8", ""},
		{"a route by loopback", host(t, "127.0.0.1", nil, lo, "eth0 10.0.0.9"), "", "10.0.0.9", ""},
		{"link-local last", host(t, "", nil, lo, "eth0 169.254.3.4", "eth1 10.0.0.9"), "", "10.0.0.9", ""},
		{"link-local at all", host(t, "", nil, lo, "eth0 169.254.3.4"), "", "169.254.3.4", ""},
		{"IPv6 only when asked", host(t, "", []string{"2001:db8::1"}, lo, "eth0 2001:db8::1"), "", "127.0.0.1", ""},
		{"nothing but loopback", host(t, "", nil, lo), "", "127.0.0.1", ""},
		{"nothing at all", host(t, "", nil), "", "127.0.0.1", ""},

		{"an address, of whomever", host(t, "10.0.0.7", nil, lo), "192.0.2.9", "192.0.2.9", ""},
		{"an IPv6 address", host(t, "10.0.0.7", nil, lo), "2001:DB8::9", "2001:db8::9", ""},
		{"all addresses", host(t, "10.0.0.7", nil, lo), "0.0.0.0", "", "not where others reach this host"},
		{"interface", host(t, "10.0.0.7", nil, lo, "eth1 2001:db8::2 10.1.0.2 10.1.0.3"), "eth1", "10.1.0.2", ""},
		{"interface without IPv4", host(t, "10.0.0.7", nil, lo, "eth1 fe80::1 2001:db8::2"), "eth1", "2001:db8::2", ""},
		{"interface without address", host(t, "10.0.0.7", nil, lo, "eth1 fe80::1"), "eth1", "", `own address "eth1": the interface has no address`},
		{"loopback when asked", host(t, "10.0.0.7", nil, lo), "lo", "127.0.0.1", ""},
		{"host name", host(t, "10.0.0.7", nil, lo), "ns.example.org", "ns.example.org", ""},
		{"host name, no resolver now", host(t, "10.0.0.7", nil, lo), "later.example.org", "later.example.org", ""},
		{"neither", host(t, "10.0.0.7", nil, lo, "eth0 10.0.0.7"), "eth7", "", `own address "eth7": is no interface of this host (lo, eth0) and no host of that name exists`},
		{"no name", host(t, "10.0.0.7", nil, lo), "a b", "", "no host name"},
		{"host and port", host(t, "10.0.0.7", nil, lo), "ns.example.org:9000", "", "no host name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			own, err := tt.host.ownOrWanted(t.Context(), tt.want)
			if own != tt.own || (err == nil) != (tt.own != "") {
				t.Fatalf("got %q, %v, want %q", own, err, tt.own)
			}
			if err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, want an error with %s", err, tt.err)
			}
		})
	}
}

func TestOwnAddressWithoutInterfaces(t *testing.T) {
	t.Parallel()
	h := host(t, "", nil)
	h.hostname = func() (string, error) { return "", errors.New("none") }
	h.interfaces = func() ([]iface, error) { return nil, errors.New("no netlink") }
	if got, err := h.ownOrWanted(t.Context(), ""); got != "127.0.0.1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := h.ownOrWanted(t.Context(), "eth0"); err == nil || !strings.Contains(err.Error(), "no netlink") {
		t.Errorf("got %v", err)
	}
	if _, err := h.addresses(); err == nil || !strings.Contains(err.Error(), "no netlink") {
		t.Errorf("got %v", err)
	}
}

// This host is what it is; what is found must hold together.
func TestThisHost(t *testing.T) {
	t.Parallel()
	local, err := LocalAddresses()
	must(t, err)
	if !slices.IsSortedFunc(local, netip.Addr.Compare) {
		t.Errorf("not sorted: %v", local)
	}
	own, err := OwnAddress("")
	must(t, err)
	addr, err := netip.ParseAddr(own)
	must(t, err)
	if !addr.Is4() || !addr.IsLoopback() && !slices.Contains(local, addr) {
		t.Errorf("own address %s is none of %v", own, local)
	}
}
