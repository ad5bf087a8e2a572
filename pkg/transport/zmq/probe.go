package zmq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Limits of the end of a probe.
const (
	// probeFarewell is how long the other end may take to close a connection. A probe ends in an orderly way: one that was reset would stand in the logs
	// of some peers.
	probeFarewell = time.Second
	farewellBytes = 4096
)

// errNoLink says that the interface towards a publisher is down or has no carrier: it is we who are cut off.
var errNoLink = errors.New("no link")

var _ transport.Prober = (*Transport)(nil)

// Probe connects to a TCP port and closes the connection again; ZeroMQ has no part in it. Without an answer it also looks whether the interface towards the
// address is up.
func (t *Transport) Probe(ctx context.Context, to netip.AddrPort) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		if isTimeout(err) && !linked(to) {
			return fmt.Errorf("%w: %v", errNoLink, err)
		}
		return err
	}
	return errors.Join(farewell(conn.(*net.TCPConn)), conn.Close())
}

// farewell lets the other end close the connection first. What it says before, and how it ends, is of no interest.
func farewell(conn *net.TCPConn) error {
	if err := conn.CloseWrite(); err != nil {
		return nil //nolint:nilerr // it has gone already
	}
	if err := conn.SetReadDeadline(time.Now().Add(probeFarewell)); err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, conn, farewellBytes)
	return nil
}

// isTimeout tells whether there was no answer.
func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EHOSTDOWN)
}

// linked tells whether the interface towards an address is up and has a carrier, as far as that can be told.
func linked(to netip.AddrPort) bool {
	conn, err := net.Dial("udp", to.String()) // sends nothing
	if err != nil {
		return false
	}
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	if conn.Close() != nil {
		return false
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return false
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			continue // it has just gone
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == local {
				return i.Flags&net.FlagUp != 0 && i.Flags&net.FlagRunning != 0
			}
		}
	}
	return false
}
