package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/discovery"
)

// What a host should have at the least.
const (
	fewFiles    = 4096     // open files: each connection is one
	readBuffer  = 16 << 20 // bytes of receive buffer that nameserverd asks for
	nameTimeout = 2 * time.Second
)

// lookAtLimits tells of limits of the system.
func lookAtLimits(found *chart) {
	tell := found.about("limits")
	var files syscall.Rlimit
	switch err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); {
	case err != nil:
		tell(levelWarning, "ulimit -n in the shell of the programs tells it", "limit of open files: %v", err)
	case files.Max < fewFiles:
		tell(levelWarning, "raise it: LimitNOFILE= in the unit, /etc/security/limits.conf for users", "a program may open %d files; each subscriber of a publisher takes one", files.Max)
	default:
		tell(levelOK, "", "a program may open %d files", files.Max)
	}
	text, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if err != nil {
		return // another system
	}
	if most, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && most < readBuffer {
		tell(levelNote, fmt.Sprintf("where a nameserver runs for many publishers: sysctl -w net.core.rmem_max=%d", readBuffer),
			"receive buffers have %d bytes at most: of thousands of announcements at the same time some are lost", most)
	}
}

// lookAtName tells how others find this host, those on the hosts of the nameservers among them.
func lookAtName(ctx context.Context, found *chart, nameservers []string) {
	tell := found.about("address")
	lookAtHostname(ctx, tell)
	own, err := discovery.OwnAddress("")
	addr, parseErr := netip.ParseAddr(own)
	switch {
	case err != nil || parseErr != nil:
		tell(levelError, "see ip address and ip route; \"advertise\" of a publisher says another address (ptctl publish --advertise)", "the address to announce: %q, %v", own, errors.Join(err, parseErr))
		return
	case addr.IsLoopback():
		tell(levelWarning, "let the host have an address and a route; \"advertise\" of a publisher says another address (ptctl publish --advertise)",
			"publishers here announce %s, which no other host can reach", own)
	case addr.IsLinkLocalUnicast():
		tell(levelWarning, "was there no answer by DHCP? \"advertise\" of a publisher says another address (ptctl publish --advertise)",
			"publishers here announce %s, an address that the host gave itself", own)
	default:
		tell(levelOK, "", "publishers here announce %s, unless they are told otherwise", own)
		lookAtWays(ctx, tell, addr, nameservers)
	}
	all, err := discovery.LocalAddresses()
	if err != nil {
		tell(levelWarning, "ip address shows them", "addresses of this host: %v", err)
		return
	}
	var others []string
	for _, other := range all {
		if other.Is4() && !other.IsLoopback() && other != addr {
			others = append(others, other.String())
		}
	}
	if len(others) > 0 {
		tell(levelNote, "if subscribers can't reach the one above, publishers can announce another one (ptctl publish --advertise)", "this host has further addresses: %s", strings.Join(others, ", "))
	}
}

// lookAtWays finds nameservers that this host reaches from another address than the one that publishers here announce: on a host with several networks that is often one which
// subscribers have no way to.
func lookAtWays(ctx context.Context, tell func(level, string, string, ...any), own netip.Addr, nameservers []string) {
	for _, name := range nameservers {
		from, err := sourceTo(ctx, name)
		if err != nil || from == own || from.IsLoopback() || from.Is4() != own.Is4() {
			continue // whether the nameserver can be reached is told where it is asked
		}
		tell(levelWarning, fmt.Sprintf("let the default route go out where %s is, or let publishers announce that address (ptctl publish --advertise %s)", from, from),
			"publishers here announce %s, but it is from %s that this host reaches %s: can subscribers reach the former?", own, from, name)
	}
}

// sourceTo returns the address from which this host reaches a nameserver. Nothing is sent there.
func sourceTo(ctx context.Context, nameserver string) (netip.Addr, error) {
	at, err := discovery.NameserverAddress(nameserver, 1)
	if err != nil {
		return netip.Addr{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, nameTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", net.JoinHostPort(at.Endpoint.Host(), "1"))
	if err != nil {
		return netip.Addr{}, err
	}
	from, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return from.Addr().Unmap(), errors.Join(err, conn.Close())
}

func lookAtHostname(ctx context.Context, tell func(level, string, string, ...any)) {
	name, err := os.Hostname()
	if err != nil {
		tell(levelWarning, "hostnamectl set-hostname gives it one", "this host has no name: %v", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, nameTimeout)
	defer cancel()
	begun := time.Now()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	took := time.Since(begun)
	switch {
	case err != nil:
		tell(levelNote, "a line in /etc/hosts helps, as: 10.0.0.1 "+name, "this host is called %s, and that name is not resolved: %v", name, err)
	case took > nameTimeout/2:
		tell(levelWarning, "see the nameservers in /etc/resolv.conf: programs wait for them whenever they connect by name", "resolving %s took %s", name, roundTime(took))
	default:
		var texts []string
		for _, a := range addrs {
			texts = append(texts, a.Unmap().String())
		}
		slices.Sort(texts)
		tell(levelOK, "", "this host is called %s, which is %s", name, strings.Join(slices.Compact(texts), ", "))
	}
}

// usableInterface is an interface that multicast can go out of.
type usableInterface struct {
	name string
	addr netip.Addr // IPv4
}

// lookAtInterfaces tells of the interfaces, and returns those that can be used.
func lookAtInterfaces(found *chart, set config.Settings) []usableInterface {
	tell := found.about("interfaces")
	all, err := net.Interfaces()
	if err != nil {
		tell(levelError, "ip address shows them; a unit of systemd needs AF_NETLINK for that (RestrictAddressFamilies=)", "interfaces of this host: %v", err)
		return nil
	}
	var usable []usableInterface
	var holds bool
	for _, i := range all {
		prefixes := addressesOf(i)
		text := strings.Join(append([]string{i.Name + ": " + flagsOf(i)}, texts(prefixes)...), ", ")
		at := slices.IndexFunc(prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() })
		holds = holds || slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Addr() == set.MulticastInterface.Unmap() })
		up, running := i.Flags&net.FlagUp != 0, i.Flags&net.FlagRunning != 0
		switch {
		case !up && i.Flags&net.FlagLoopback != 0:
			tell(levelError, "ip link set "+i.Name+" up", "%s", text)
		case up && !running && at >= 0:
			tell(levelNote, "no carrier: a cable is out, or nothing is at its other end", "%s", text)
		case at < 0:
			tell(levelOK, "", "%s; without an IPv4 address announcements don't use it", text)
		default:
			tell(levelOK, "", "%s", text)
		}
		if up && running && at >= 0 {
			usable = append(usable, usableInterface{i.Name, prefixes[at].Addr()})
		}
	}
	if set.MulticastInterface.IsValid() && !set.MulticastInterface.IsUnspecified() && !holds {
		tell(levelError, "set multicast_interface to an address of those above, or remove it", "no interface has %s, the multicast_interface of the settings", set.MulticastInterface)
	}
	return usable
}

func flagsOf(i net.Interface) string {
	if i.Flags&net.FlagUp == 0 {
		return "down"
	}
	text := "up"
	if i.Flags&net.FlagRunning == 0 {
		text += ", no carrier"
	}
	if i.Flags&(net.FlagMulticast|net.FlagLoopback) == 0 {
		text += ", no multicast"
	}
	return text
}

// addressesOf returns the addresses of an interface; none of one that has just gone.
func addressesOf(i net.Interface) []netip.Prefix {
	addrs, err := i.Addrs()
	if err != nil {
		return nil
	}
	var prefixes []netip.Prefix
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			prefixes = append(prefixes, p)
		}
	}
	return prefixes
}

func texts[T fmt.Stringer](all []T) []string {
	var each []string
	for _, one := range all {
		each = append(each, one.String())
	}
	return each
}
