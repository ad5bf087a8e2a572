package curveprobe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// connect makes the connection: to the first of the host's addresses that takes it.
func (t *trial) connect(ctx context.Context, endpoint transport.Endpoint) (conn net.Conn, err error) {
	if endpoint.Scheme() == "ipc" {
		path := strings.TrimPrefix(endpoint.String(), "ipc://")
		err = t.step(Connect, func() error {
			conn, err = new(net.Dialer).DialContext(ctx, "unix", path)
			return dialFinding(err)
		})
		return conn, err
	}
	var addrs []netip.Addr
	if err = t.step(Resolve, func() error {
		addrs, err = resolve(ctx, endpoint.Host())
		return err
	}); err != nil {
		return nil, err
	}
	err = t.step(Connect, func() error {
		conn, err = dialAny(ctx, addrs, strconv.Itoa(endpoint.Port()))
		return err
	})
	if err == nil {
		t.noteAddresses(conn)
	}
	return conn, err
}

// resolve looks up a host. IPv4 addresses come first: libzmq takes no others of a name unless it is told to.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		if de, ok := errors.AsType[*net.DNSError](err); ok {
			return nil, &finding{NoName, de.Err}
		}
		return nil, &finding{NoName, err.Error()}
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return slices.Compact(addrs), nil
}

// dialAny dials the addresses one after the other, each with its share of the time that is left. The finding is that of the first.
func dialAny(ctx context.Context, addrs []netip.Addr, port string) (net.Conn, error) {
	var first *finding
	for i, addr := range addrs {
		conn, err := dialShare(ctx, net.JoinHostPort(addr.String(), port), len(addrs)-i)
		if err == nil {
			return conn, nil
		}
		f := dialFinding(err).(*finding)
		if len(addrs) > 1 {
			f.detail = strings.TrimSuffix(addr.String()+": "+f.detail, ": ")
		}
		switch {
		case first == nil:
			first = f
		case first.outcome == f.outcome && len(addrs) > 1:
			first.detail += "; " + f.detail
		default:
			first.detail += fmt.Sprintf("; %s (%s)", f.detail, f.outcome)
		}
	}
	if first == nil {
		return nil, &finding{NoName, "it has no address"}
	}
	return nil, first
}

// dialShare dials with one share of the time until ctx ends.
func dialShare(ctx context.Context, address string, shares int) (net.Conn, error) {
	if end, ok := ctx.Deadline(); ok && shares > 1 {
		limited, cancel := context.WithTimeout(ctx, time.Until(end)/time.Duration(shares))
		defer cancel()
		ctx = limited
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// dialFinding says what it means that a connection could not be made; nil for nil.
func dialFinding(err error) error {
	if err == nil {
		return nil
	}
	cause := ""
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		cause = errno.Error()
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return &finding{NobodyListens, cause}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return &finding{NoConnection, ""}
	case cause == "":
		cause = err.Error()
	}
	return &finding{Unreachable, cause}
}
