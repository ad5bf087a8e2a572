package inmem

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Limits of sockets that set none (transport.SocketOptions, transport.SubscriberConfig).
const (
	defaultQueue      = 1000
	defaultMaxMessage = 64 << 20
	defaultMaxQueued  = 256 << 20
	defaultHandshake  = 5 * time.Second
)

// Transport is the transport of one program on one host. Several on one host share its ports and its ipc endpoints; inproc
// endpoints are known in their own transport only.
type Transport struct {
	network *Network
	host    *host
	closed  bool        // guarded by Network.mu
	sockets []io.Closer // guarded by Network.mu
	ended   broadcast   // fires when closed
}

var _ transport.Transport = (*Transport)(nil)

// Transport makes a transport on the host with that address. Endpoints bound to "*" or "0.0.0.0" are reached under every address of
// the host; 127.0.0.1 and localhost are the host itself. Further addresses are given to the host; one that belongs to
// another host panics.
func (n *Network) Transport(addr netip.Addr, more ...netip.Addr) *Transport {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := &Transport{network: n, host: n.host(addr)}
	for _, a := range more {
		n.addAddress(t.host, a)
	}
	n.parts = append(n.parts, t)
	return t
}

// Close closes all sockets and makes requests under way return [transport.ErrClosed].
func (t *Transport) Close() error {
	t.network.mu.Lock()
	if t.closed {
		t.network.mu.Unlock()
		return nil
	}
	t.closed = true
	t.ended.fire()
	sockets := slices.Clone(t.sockets)
	t.network.removePart(t)
	t.network.mu.Unlock()
	var errs []error
	for _, s := range sockets {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// add remembers a socket that Close has to close. The caller holds mu.
func (t *Transport) add(s io.Closer) { t.sockets = append(t.sockets, s) }

// remove forgets a socket that was closed. The caller holds mu.
func (t *Transport) remove(s io.Closer) {
	t.sockets = slices.DeleteFunc(t.sockets, func(other io.Closer) bool { return other == s })
}

// withDefaults fills in what the caller left open, and refuses what the real transport refuses.
func withDefaults(o transport.SocketOptions) (transport.SocketOptions, error) {
	o.Queue = cmp.Or(o.Queue, defaultQueue)
	o.MaxMessage = cmp.Or(o.MaxMessage, defaultMaxMessage)
	if o.Queue < 0 || o.MaxMessage < 0 {
		return o, fmt.Errorf("queue of %d messages of %d bytes: want more than 0", o.Queue, o.MaxMessage)
	}
	o.HandshakeInterval = cmp.Or(o.HandshakeInterval, defaultHandshake)
	if o.HandshakeInterval < 100*time.Millisecond || o.HandshakeInterval > time.Hour {
		return o, fmt.Errorf("handshake interval %v: want 100ms to 1h", o.HandshakeInterval)
	}
	switch o.KeepAlive.Mode {
	case transport.KeepAliveSystem, transport.KeepAliveOn, transport.KeepAliveOff:
		return o, nil
	}
	return o, fmt.Errorf("keep-alive mode %d: unknown", o.KeepAlive.Mode)
}
