package multicast

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/ipv4"
)

// Sender sends datagrams.
type Sender struct {
	target  target
	network path
	// loopback is the way to the host itself while there is no network.
	loopback path

	sending sync.Mutex // held while something is sent: a deadline is for one at a time
}

// NewSender checks cfg; it needs no network yet.
func NewSender(cfg Config) (*Sender, error) {
	to, err := cfg.target()
	if err != nil {
		return nil, err
	}
	lo := to
	lo.iface = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return &Sender{target: to, network: path{target: to}, loopback: path{target: lo}}, nil
}

// Send sends one datagram. It returns a [*TooLongError] above [MaxSend] bytes, an error that wraps [ErrNoNetwork] when there is no
// way to the group now, and any other error of the system as it is. It never waits for the network to come.
func (s *Sender) Send(ctx context.Context, datagram []byte) error {
	if err := CheckSize(len(datagram)); err != nil {
		return err
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	err := s.network.send(ctx, datagram)
	if err == nil || errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
		return err
	}
	err = classify(err)
	if errors.Is(err, ErrNoNetwork) && !s.target.iface.IsValid() {
		if loErr := s.loopback.send(ctx, datagram); loErr != nil {
			err = fmt.Errorf("%w (over loopback: %w)", err, loErr)
		}
	}
	return fmt.Errorf("send to %s: %w", s.target.to, err)
}

// Close closes the sender. A Send that is under way ends.
func (s *Sender) Close() error {
	return errors.Join(s.network.close(), s.loopback.close())
}

// path is a way to the group: through the network or through loopback. Its socket is opened when it is needed first, since the
// address that it is bound to may not be there before.
type path struct {
	target target

	mu     sync.Mutex // guards what is below
	conn   *net.UDPConn
	closed bool
}

func (p *path) send(ctx context.Context, datagram []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	conn, err := p.open(ctx)
	if err != nil {
		return err
	}
	if p.target.iface.IsValid() && !p.target.broadcast {
		// By address and each time: the interface may have been made anew, or the address may have moved to another.
		if err := setMulticastInterface(conn, p.target.iface); err != nil {
			return err
		}
	}
	release := interrupt(ctx, conn.SetWriteDeadline)
	defer release()
	_, err = conn.WriteToUDPAddrPort(datagram, p.target.to)
	switch {
	case errors.Is(err, net.ErrClosed):
		return net.ErrClosed
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	}
	return cause(err)
}

// open returns the socket, a new one the first time.
func (p *path) open(ctx context.Context) (*net.UDPConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, net.ErrClosed
	}
	if p.conn != nil {
		return p.conn, nil
	}
	source := netip.IPv4Unspecified()
	if p.target.iface.IsValid() && p.target.broadcast {
		source = p.target.iface // the route of a broadcast is found by its source
	}
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "udp4", netip.AddrPortFrom(source, 0).String())
	if err != nil {
		return nil, cause(err)
	}
	p.conn = conn.(*net.UDPConn)
	if p.target.broadcast {
		return p.conn, nil // Go sets SO_BROADCAST on every UDP socket.
	}
	if err := ipv4.NewPacketConn(p.conn).SetMulticastTTL(p.target.ttl); err != nil {
		err = errors.Join(fmt.Errorf("set TTL %d: %w", p.target.ttl, err), p.conn.Close())
		p.conn = nil
		return nil, err
	}
	return p.conn, nil
}

func (p *path) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.conn == nil {
		return nil
	}
	err := p.conn.Close()
	p.conn = nil
	return err
}

// cause takes off what net adds, which names sockets that the caller knows nothing of.
func cause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}
