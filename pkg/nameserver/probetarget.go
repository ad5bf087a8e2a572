package nameserver

import (
	"net/netip"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// Values of Config.Probe.
const (
	// ProbeAnnouncers probes publishers at the very address that announced them.
	ProbeAnnouncers = "announcers"
	// ProbeAll probes whatever address is announced.
	ProbeAll = "all"
	// ProbeOff probes nothing.
	ProbeOff = "off"
)

// firstProbed is the lowest port that is probed. Publishers have higher ones, and what may be behind the others is not to be knocked at
// on hearsay.
const firstProbed = 1024

// target returns where a publisher is probed; false where it is not.
func (n *Nameserver) target(s registry.State) (netip.AddrPort, bool) {
	mode := n.config().Probe
	at, ok := probeAddress(s.URI)
	if !ok || mode == ProbeOff {
		return netip.AddrPort{}, false
	}
	host, from := bare(at.Addr()), bare(s.Source.Addr)
	switch {
	case mode == ProbeAll, host == from:
		return at, true
	case !from.IsValid():
		return netip.AddrPort{}, false
	}
	// A program on this host may announce any of its addresses, and be heard from any other.
	return at, n.local.contains(host) && n.local.contains(from)
}

// probeAddress is where to connect to for a URI. Names are not looked up, but for the one that every host has: whoever announces would make the
// nameserver ask others.
func probeAddress(uri string) (netip.AddrPort, bool) {
	rest, ok := strings.CutPrefix(uri, "tcp://")
	if !ok {
		return netip.AddrPort{}, false
	}
	if port, ok := strings.CutPrefix(rest, "localhost:"); ok {
		rest = "127.0.0.1:" + port
	}
	at, err := netip.ParseAddrPort(rest)
	if err != nil || at.Port() < firstProbed {
		return netip.AddrPort{}, false
	}
	addr := at.Addr().Unmap()
	if addr.IsUnspecified() || addr.IsMulticast() || addr == broadcast {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr, at.Port()), true
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// bare is addr as it is compared with others.
func bare(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
