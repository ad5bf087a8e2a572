package security

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// hosts are the hosts that may connect.
type hosts struct {
	log     *zap.Logger
	fixed   []netip.Prefix // also those of single addresses
	names   []string       // to be looked up
	resolve resolver
	answers map[string]answer // of the looks so far; one goroutine looks at a time
	now     atomic.Pointer[hostSet]
}

// hostSet is who may connect now. It does not change.
type hostSet struct {
	addrs map[netip.Addr]struct{}
	nets  []netip.Prefix
	local bool // one of them is a loopback address
}

// newHosts reads the entries of authorized_client_addresses. Names admit nobody before they are looked up.
func newHosts(entries []string, resolve resolver, log *zap.Logger) (*hosts, error) {
	h := &hosts{log: log, resolve: resolve, answers: map[string]answer{}}
	var errs []error
	for _, entry := range entries {
		if err := h.read(strings.TrimSpace(entry)); err != nil {
			errs = append(errs, &SettingError{Key: "authorized_client_addresses", Err: fmt.Errorf("%.300q: %w", entry, err)})
		}
	}
	h.publish()
	return h, errors.Join(errs...)
}

// read reads an entry: an address, a network or a name.
func (h *hosts) read(entry string) error {
	if strings.Contains(entry, "/") {
		prefix, err := parseNetwork(entry)
		h.fixed = append(h.fixed, prefix)
		return err
	}
	if addr, err := netip.ParseAddr(entry); err == nil {
		if addr.Zone() != "" {
			return errors.New("give the address without a zone")
		}
		addr = addr.Unmap()
		h.fixed = append(h.fixed, netip.PrefixFrom(addr, addr.BitLen()))
		return nil
	}
	if err := checkHostName(entry); err != nil {
		return err
	}
	name := strings.ToLower(strings.TrimSuffix(entry, "."))
	switch {
	case name == "localhost" || strings.HasSuffix(name, ".localhost"): // RFC 6761, section 6.3: needs no lookup
		h.fixed = append(h.fixed, netip.PrefixFrom(loopback4.Addr(), 32), netip.PrefixFrom(netip.IPv6Loopback(), 128))
	case !slices.Contains(h.names, name):
		h.names = append(h.names, name)
	}
	return nil
}

// loopback4 is where IPv4 talks to itself (RFC 1122, section 3.2.1.3).
var loopback4 = netip.MustParsePrefix("127.0.0.1/8")

// parseNetwork reads a network in CIDR form. Bits behind its length are dropped. One of IPv4 in IPv6 is one of IPv4.
func parseNetwork(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, errors.New("no network: want an address, a slash and the number of bits, as 10.1.0.0/16")
	}
	addr, bits := prefix.Addr(), prefix.Bits()
	if addr.Is4In6() {
		if bits < 96 {
			return netip.Prefix{}, errors.New("network of IPv4 in IPv6 with less than 96 bits: give one of IPv4")
		}
		addr, bits = addr.Unmap(), bits-96
	}
	return netip.PrefixFrom(addr, bits).Masked(), nil
}

// checkHostName says why a text can't be a host name. What a name can be is the same as in an endpoint.
func checkHostName(name string) error {
	ep, err := transport.ConnectEndpoint("tcp://" + name + ":1")
	if err != nil || ep.Host() != name {
		return errors.New("no address, network or host name")
	}
	return nil
}

// publish makes the set of what is known.
func (h *hosts) publish() {
	set := &hostSet{addrs: map[netip.Addr]struct{}{}}
	for _, p := range h.fixed {
		if p.IsSingleIP() {
			set.addrs[p.Addr()] = struct{}{}
		} else {
			set.nets = append(set.nets, p)
		}
		set.local = set.local || p.Overlaps(loopback4) || p.Contains(netip.IPv6Loopback())
	}
	for _, a := range h.answers {
		for _, addr := range a.addrs {
			set.addrs[addr] = struct{}{}
			set.local = set.local || addr.IsLoopback()
		}
	}
	h.now.Store(set)
}

// admit says whether a host may connect. No address is that of ipc, which is this host.
func (h *hosts) admit(addr netip.Addr) bool {
	set := h.now.Load()
	if !addr.IsValid() {
		return set.local
	}
	addr = addr.Unmap().WithZone("")
	if _, ok := set.addrs[addr]; ok {
		return true
	}
	return slices.ContainsFunc(set.nets, func(p netip.Prefix) bool { return p.Contains(addr) })
}
