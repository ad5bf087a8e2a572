package zmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// lookupTimeout bounds one attempt to resolve a host name.
const lookupTimeout = 10 * time.Second

// resolve returns the addresses of a host name: IPv4 first, since that is what publishers of the Python implementation
// listen on, and each kind in order, so that they stay the same from one time to the next.
//
// localhost is the loopback interface without asking anybody (RFC 6761, section 6.3): minimal containers have no /etc/hosts.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if strings.EqualFold(host, "localhost") {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for i, a := range addrs {
		addrs[i] = a.Unmap()
	}
	slices.SortFunc(addrs, func(a, b netip.Addr) int {
		if a.Is4() != b.Is4() {
			if a.Is4() {
				return -1
			}
			return 1
		}
		return a.Compare(b)
	})
	addrs = slices.Compact(addrs)
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	return addrs, nil
}

// follow resolves the host name of l and connects it, and again whenever the connection is lost or does not come about:
// the address may be another one by now. Where a name has several addresses they are tried in turn, until somebody is at one of them who
// speaks ZeroMQ; that he does not let us in is no reason to leave.
func (c *connector) follow(ctx context.Context, l *link) {
	said := ""
	for attempt := 0; ctx.Err() == nil; attempt++ {
		err := c.resolveLink(ctx, l, attempt)
		if text := errorText(err); text != said && ctx.Err() == nil {
			said = text
			if err != nil {
				c.log.Warn("can't connect, trying again", zap.Stringer("uri", l.addr.Endpoint), zap.Error(err))
			}
		}
		sleep(ctx, retryDelay(attempt+2))
		if c.isUp(l) {
			attempt = -1
			select {
			case <-l.lost:
			case <-ctx.Done():
			}
		}
	}
}

// resolveLink connects l to an address of its host.
func (c *connector) resolveLink(ctx context.Context, l *link, attempt int) error {
	addrs, err := resolve(ctx, l.addr.Endpoint.Host())
	if err != nil {
		return err
	}
	targets := make([]string, len(addrs))
	for i, a := range addrs {
		targets[i] = tcpTarget(a, l.addr.Endpoint.Port())
	}
	return c.move(l, targets, attempt)
}

// errorText tells errors apart that are news for the log. A name service that is away says so in several ways, by turns: that is one.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && (dns.IsTemporary || dns.IsTimeout) {
		return "temporary: " + dns.Name
	}
	return err.Error()
}

// sleep waits for d, or less when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// move lets l use the connection to one of targets: where it is, if somebody is there, else to that of the attempt.
func (c *connector) move(l *link, targets []string, attempt int) error {
	if err := c.lock(); err != nil {
		return nil // closed: ctx tells
	}
	defer c.unlock()
	target := targets[attempt%len(targets)]
	if c.links[l.addr.Endpoint] != l || l.conn != nil && (l.conn.target == target || l.conn.inhabited() && slices.Contains(targets, l.conn.target)) {
		return nil
	}
	c.detach(l)
	return c.attach(l, target)
}

func (c *connector) isUp(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return l.conn != nil && l.conn.state == connUp
}
