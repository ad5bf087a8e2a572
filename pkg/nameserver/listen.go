package nameserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Limits of the sockets.
const (
	// feedQueue is how many changes wait for a subscriber of the feed that does not read: enough for all publishers of a large site to
	// come back at once.
	feedQueue = 20_000
	// bindRetry is the time between attempts to bind an address that the host does not have yet.
	bindRetry = 2 * time.Second
)

// Hosts that are bound with Config.RestrictToLocalhost.
const (
	loopback4 = "127.0.0.1"
	loopback6 = "::1"
)

// Endpoints are what a nameserver has bound, with the real ports.
type Endpoints struct {
	Lookups    []transport.Endpoint
	Feed       []transport.Endpoint
	Designated []transport.Endpoint // where publishers register directly
}

// sockets are what Listen binds.
type sockets struct {
	lookups    []transport.Replier
	designated []transport.Replier
	feed       []transport.Publisher
}

// close closes all at once, since each may wait for its peers.
func (s *sockets) close() error {
	var all []io.Closer
	for _, r := range slices.Concat(s.lookups, s.designated) {
		all = append(all, r)
	}
	for _, p := range s.feed {
		all = append(all, p)
	}
	errs := make([]error, len(all))
	var closing sync.WaitGroup
	for i, c := range all {
		closing.Go(func() { errs[i] = c.Close() })
	}
	closing.Wait()
	return errors.Join(errs...)
}

// BindError says which port could not be bound.
type BindError struct {
	Key      string // of the setting with the port
	Endpoint transport.Endpoint
	Err      error
}

// Error names the setting, the endpoint and the cause.
func (e *BindError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns the cause, which is a [syscall.Errno] underneath.
func (e *BindError) Unwrap() error { return e.Err }

// HintText says what to do, for programs that print it on a line of its own.
func (e *BindError) HintText() string {
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return fmt.Sprintf("another program, perhaps another nameserver, has port %d (ss -ltnp 'sport = :%d' shows which): "+
			"stop it, or set %s to another port here and for all programs that use this nameserver", e.Endpoint.Port(), e.Endpoint.Port(), e.Key)
	case errors.Is(e.Err, syscall.EACCES), errors.Is(e.Err, syscall.EPERM):
		return fmt.Sprintf("ports below 1024 need privileges: set %s to a higher one", e.Key)
	}
	return ""
}

// Listen binds all ports; the error is a [*BindError] that says which one could not be. An address that the host does not have
// yet is waited for, until ctx ends.
func (n *Nameserver) Listen(ctx context.Context) error {
	if err := n.listen(ctx); err != nil {
		return errors.Join(err, n.sockets.close())
	}
	for _, r := range n.sockets.lookups {
		n.endpoints.Lookups = append(n.endpoints.Lookups, r.Endpoint())
	}
	for _, r := range n.sockets.designated {
		n.endpoints.Designated = append(n.endpoints.Designated, r.Endpoint())
	}
	for _, p := range n.sockets.feed {
		n.endpoints.Feed = append(n.endpoints.Feed, p.Endpoint())
	}
	n.log.Info("listening", zap.Stringers("lookups", n.endpoints.Lookups), zap.Stringers("feed", n.endpoints.Feed),
		zap.Stringers("registrations", n.endpoints.Designated), zap.Bool("multicast", n.config().Multicast))
	return nil
}

func (n *Nameserver) listen(ctx context.Context) error {
	cfg := n.config()
	replier := func(to *[]transport.Replier) func(transport.Endpoint) (transport.Endpoint, error) {
		return func(ep transport.Endpoint) (transport.Endpoint, error) {
			r, err := n.opts.Transport.Replier(transport.ReplierConfig{
				Endpoint:      ep,
				Backend:       transport.Plain,
				SocketOptions: transport.SocketOptions{KeepAlive: cfg.KeepAlive, MaxMessage: maxRequestBytes},
			})
			if err != nil {
				return transport.Endpoint{}, err
			}
			*to = append(*to, r)
			return r.Endpoint(), nil
		}
	}
	publisher := func(ep transport.Endpoint) (transport.Endpoint, error) {
		p, err := n.opts.Transport.Publisher(transport.PublisherConfig{
			Endpoint:      ep,
			Backend:       transport.Plain,
			SocketOptions: transport.SocketOptions{KeepAlive: cfg.KeepAlive, Queue: feedQueue},
		})
		if err != nil {
			return transport.Endpoint{}, err
		}
		n.sockets.feed = append(n.sockets.feed, p)
		return p.Endpoint(), nil
	}
	return errors.Join(
		n.bindAll(ctx, "nameserver_port", cfg.NameserverPort, replier(&n.sockets.lookups)),
		n.bindAll(ctx, "address_publish_port", cfg.AddressPublishPort, publisher),
		n.bindAll(ctx, "broadcast_port", cfg.BroadcastPort, replier(&n.sockets.designated)),
	)
}

// bindAll binds one port at all addresses. Port 0 becomes the same free port at each.
func (n *Nameserver) bindAll(ctx context.Context, key string, port int, bind func(transport.Endpoint) (transport.Endpoint, error)) error {
	for _, host := range n.bindHosts() {
		ep, err := bindEndpoint(host, port)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		bound, err := n.bindPatiently(ctx, ep, bind)
		if err != nil {
			return &BindError{Key: key, Endpoint: ep, Err: err}
		}
		port = bound.Port()
	}
	return nil
}

// bindPatiently waits for an address that the host does not have yet.
func (n *Nameserver) bindPatiently(ctx context.Context, ep transport.Endpoint, bind func(transport.Endpoint) (transport.Endpoint, error)) (transport.Endpoint, error) {
	for waiting := false; ; waiting = true {
		bound, err := bind(ep)
		if !errors.Is(err, syscall.EADDRNOTAVAIL) && !errors.Is(err, syscall.ENODEV) {
			if waiting && err == nil {
				n.log.Info("address is there", zap.Stringer("uri", ep))
			}
			return bound, err
		}
		if !waiting {
			n.log.Warn("address is not there yet, waiting for it", zap.Stringer("uri", ep), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return bound, err
		case <-time.After(bindRetry):
		}
	}
}

// bindHosts are the hosts that every port is bound at.
func (n *Nameserver) bindHosts() []string {
	if !n.config().RestrictToLocalhost {
		return n.config().BindAddresses
	}
	hosts := []string{loopback4}
	if n.local.hasIPv6Loopback() {
		hosts = append(hosts, loopback6)
	}
	return hosts
}

// Endpoints returns what Listen has bound.
func (n *Nameserver) Endpoints() Endpoints { return n.endpoints }
