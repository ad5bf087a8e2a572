package nameserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Listener is a TCP socket that listens already, bound by the service manager: it stays while the nameserver is restarted, and who connects meanwhile
// waits instead of being refused.
type Listener struct {
	Addr netip.AddrPort // where it listens
	File *os.File       // Listen uses a duplicate
}

// ListenerError is a listener that no setting has a use for.
type ListenerError struct {
	Addr netip.AddrPort
	Text string // what is wrong with it
	Hint string // what to try
}

// Error tells where it listens.
func (e *ListenerError) Error() string {
	return fmt.Sprintf("the service manager hands over a socket at %s, %s", e.Addr, e.Text)
}

// HintText says what to do, for programs that print it on a line of its own.
func (e *ListenerError) HintText() string { return e.Hint }

// streams is what the unit of the sockets has to have for endpoints: it can be copied from the log.
func streams(endpoints []transport.Endpoint) string {
	var b strings.Builder
	b.WriteString("the settings want these sockets, and no others: [Socket] ListenStream=")
	for _, ep := range endpoints {
		b.WriteString(" ListenStream=" + stream(ep))
	}
	b.WriteString(` (a line each, by "systemctl edit posttroll-nameserver.socket"); then "systemctl stop posttroll-nameserver.socket posttroll-nameserver" and the same with start`)
	return b.String()
}

// stream is the value of ListenStream= for an endpoint.
func stream(ep transport.Endpoint) string {
	switch addr, err := netip.ParseAddr(ep.Host()); {
	case ep.Host() == "*":
		return strconv.Itoa(ep.Port())
	case err == nil:
		return netip.AddrPortFrom(addr, uint16(ep.Port())).String()
	}
	// systemd knows addresses alone, not interfaces.
	return fmt.Sprintf("<address of %s>:%d", ep.Host(), ep.Port())
}

// assign finds the listener for each endpoint that is to be bound, by the endpoint. Where there are any they have to be all that are needed, and no
// others: a port that is bound besides would be closed during a restart, and one too many would be open to nobody knows whom.
func (n *Nameserver) assign(cfg Config, sec *security.Security, listeners []Listener) (map[string]*os.File, error) {
	if len(listeners) == 0 {
		return nil, nil
	}
	var problems []error
	handed := make(map[string]*os.File)
	left := slices.Clone(listeners)
	all := ports(cfg, sec)
	endpoints, err := n.endpointsOf(all)
	if err != nil {
		return nil, err
	}
	hint := streams(slices.Concat(endpoints...))
	for i, p := range all {
		for j, host := range n.bindHosts() {
			ep := endpoints[i][j]
			at := slices.IndexFunc(left, func(l Listener) bool { return int(l.Addr.Port()) == p.number && isAddressOf(l.Addr.Addr(), host) })
			if at < 0 {
				problems = append(problems, &SettingError{
					Key: p.key, Text: fmt.Sprintf("the service manager hands over sockets, but none for %s", ep), Hint: hint,
				})
				continue
			}
			handed[ep.String()] = left[at].File
			left = slices.Delete(left, at, at+1)
		}
	}
	for _, l := range left {
		problems = append(problems, &ListenerError{Addr: l.Addr, Text: n.unwanted(l, all), Hint: hint})
	}
	return handed, errors.Join(problems...)
}

// endpointsOf returns where each port is to be bound.
func (n *Nameserver) endpointsOf(all []port) (endpoints [][]transport.Endpoint, err error) {
	for _, p := range all {
		var of []transport.Endpoint
		for _, host := range n.bindHosts() {
			ep, err := bindEndpoint(host, p.number)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.key, err)
			}
			of = append(of, ep)
		}
		endpoints = append(endpoints, of)
	}
	return endpoints, nil
}

// unwanted says why l has no use.
func (n *Nameserver) unwanted(l Listener, all []port) string {
	hosts := n.bindHosts()
	for _, p := range all {
		switch {
		case p.number != int(l.Addr.Port()):
		case slices.ContainsFunc(hosts, func(host string) bool { return isAddressOf(l.Addr.Addr(), host) }):
			return "the second one for " + p.key
		default:
			return fmt.Sprintf("but %s is to be bound at %s alone", p.key, strings.Join(hosts, " and "))
		}
	}
	return "and nothing is to be served at that port"
}

// isAddressOf tells whether a socket that is bound to addr is what an entry of bind_addresses asks for.
func isAddressOf(addr netip.Addr, host string) bool {
	if host == "*" {
		return addr.IsUnspecified()
	}
	if wanted, err := netip.ParseAddr(host); err == nil {
		return wanted.Unmap() == addr
	}
	iface, err := net.InterfaceByName(host)
	if err != nil {
		return false // it is not there yet: neither can it be told what its address is
	}
	addrs, err := iface.Addrs()
	return err == nil && slices.ContainsFunc(addrs, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr().Unmap() == addr
	})
}
