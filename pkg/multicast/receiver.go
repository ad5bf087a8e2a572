package multicast

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"

	"go.uber.org/zap"
	"golang.org/x/net/ipv4"
)

// readBuffer is the kernel's receive buffer that is asked for, in bytes: a limit, not memory that is taken. Linux counts some 1,280 bytes for a usual announcement
// and allows for twice what is asked for, so that 26,000 wait while a busy machine lets nobody read; with 4 MiB it was 6,500, and bursts of 10,000 were lost under load.
const readBuffer = 16 << 20

// Receiver receives datagrams.
type Receiver struct {
	conn    *net.UDPConn
	members *membership // nil for broadcast
	buffer  []byte
	granted int

	received atomic.Uint64
	tooLong  atomic.Uint64
}

// Stats counts datagrams since Listen.
type Stats struct {
	Received uint64
	TooLong  uint64 // above MaxReceive bytes, and dropped
}

// Listen binds the port on all addresses, together with other receivers on this host. A group that cannot be joined yet is joined when
// the network comes.
func Listen(cfg Config) (*Receiver, error) {
	to, err := cfg.target()
	if err != nil {
		return nil, err
	}
	logger := cfg.Logger
	if logger == nil {
		logger = zap.NewNop()
	}
	lc := net.ListenConfig{Control: shareAddress}
	conn, err := lc.ListenPacket(context.Background(), "udp4", ":"+strconv.Itoa(int(to.to.Port())))
	if err != nil {
		return nil, fmt.Errorf("bind udp port %d: %w", to.to.Port(), cause(err))
	}
	r := &Receiver{conn: conn.(*net.UDPConn), buffer: make([]byte, MaxReceive)}
	if err := r.setUp(to, logger); err != nil {
		return nil, errors.Join(fmt.Errorf("listen to %s: %w", to.to, err), r.Close())
	}
	return r, nil
}

// setUp prepares the bound socket.
func (r *Receiver) setUp(to target, logger *zap.Logger) error {
	var err error
	if r.granted, err = setReadBuffer(r.conn, readBuffer); err != nil {
		return fmt.Errorf("set receive buffer: %w", err)
	}
	if to.broadcast {
		return nil
	}
	if err := onlyOwnGroups(r.conn); err != nil {
		return fmt.Errorf("set IP_MULTICAST_ALL: %w", err)
	}
	r.members, err = join(ipv4.NewPacketConn(r.conn), to, logger)
	return err
}

// Receive waits for the next datagram and returns it with its sender's address. One that is longer than [MaxReceive] is counted and
// dropped.
func (r *Receiver) Receive(ctx context.Context) ([]byte, netip.AddrPort, error) {
	if err := ctx.Err(); err != nil {
		return nil, netip.AddrPort{}, err
	}
	release := interrupt(ctx, r.conn.SetReadDeadline)
	defer release()
	for {
		n, _, flags, from, err := r.conn.ReadMsgUDPAddrPort(r.buffer, nil)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil, netip.AddrPort{}, net.ErrClosed
		case err != nil && ctx.Err() != nil:
			return nil, netip.AddrPort{}, ctx.Err()
		case err != nil:
			return nil, netip.AddrPort{}, fmt.Errorf("receive datagram: %w", cause(err))
		case flags&syscall.MSG_TRUNC != 0:
			r.tooLong.Add(1)
			continue
		}
		r.received.Add(1)
		return slices.Clone(r.buffer[:n]), netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), nil
	}
}

// Stats returns counters since Listen.
func (r *Receiver) Stats() Stats {
	return Stats{Received: r.received.Load(), TooLong: r.tooLong.Load()}
}

// Buffer returns the size in bytes of the kernel's receive buffer, and how much was asked for. Where less was granted, bursts of
// announcements can be lost; net.core.rmem_max is the limit for programs without CAP_NET_ADMIN.
func (r *Receiver) Buffer() (granted, wanted int) { return r.granted, readBuffer }

// Interfaces returns the names of the interfaces on which the group is joined now, sorted. None for broadcast.
func (r *Receiver) Interfaces() []string {
	if r.members == nil {
		return nil
	}
	return r.members.names()
}

// Network returns why nothing can come from other hosts now: the group is not joined where it is reached, or the interface is down. Nil when it is not known
// that anything is wrong, and for broadcast.
func (r *Receiver) Network() error {
	if r.members == nil {
		return nil
	}
	return r.members.network()
}

// Close leaves the group and makes a blocked Receive return.
func (r *Receiver) Close() error {
	var err error
	if r.members != nil {
		err = r.members.close()
	}
	if closeErr := r.conn.Close(); !errors.Is(closeErr, net.ErrClosed) {
		err = errors.Join(err, closeErr)
	}
	return err
}
