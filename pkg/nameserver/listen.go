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

// Endpoints are what a nameserver has bound, with the real ports. Those that are there always are plain, but for the feed, which speaks as
// Config.Backend says.
type Endpoints struct {
	Ports
	Secure Ports // bound with keys: encrypted. Without a feed where that of Ports is encrypted
	Next   Ports // the same with the server key that is to follow
}

// Ports are endpoints by what is served there.
type Ports struct {
	Lookups    []transport.Endpoint
	Feed       []transport.Endpoint
	Designated []transport.Endpoint // where publishers register directly
}

// of returns the endpoints of a port.
func (e *Endpoints) of(p port) *[]transport.Endpoint {
	ports := [...]*Ports{tierMain: &e.Ports, tierSecure: &e.Secure, tierNext: &e.Next}[p.tier]
	return [...]*[]transport.Endpoint{lookups: &ports.Lookups, feed: &ports.Feed, designated: &ports.Designated}[p.role]
}

// sockets are what Listen binds. Nothing is added to them afterwards.
type sockets struct {
	lookups    []replier
	designated []replier
	feed       []publisher
	endpoints  Endpoints
}

// replier answers on one port; secure tells whether it speaks to clients with keys alone.
type replier struct {
	transport.Replier
	secure bool
}

// publisher is the same for the change feed.
type publisher struct {
	transport.Publisher
	secure bool
	comers *comers
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
	var all sockets
	if err := n.listen(ctx, &all); err != nil {
		return errors.Join(err, all.close())
	}
	n.sockets.Store(&all)
	ep := &all.endpoints
	n.log.Info("listening", append(ep.fields(), zap.String("backend", string(n.config().Backend)), zap.Bool("multicast", n.config().Multicast),
		zap.Bool("handed_over", n.handed != nil))...)
	if len(ep.Secure.Lookups) > 0 {
		n.log.Info("listening with keys", ep.Secure.fields()...)
	}
	if len(ep.Next.Lookups) > 0 {
		n.log.Info("listening with the next server key", ep.Next.fields()...)
	}
	return nil
}

// fields are p for the log.
func (p *Ports) fields() []zap.Field {
	fields := []zap.Field{zap.Stringers("lookups", p.Lookups), zap.Stringers("registrations", p.Designated)}
	if len(p.Feed) > 0 {
		fields = append(fields, zap.Stringers("feed", p.Feed))
	}
	return fields
}

func (n *Nameserver) listen(ctx context.Context, all *sockets) error {
	var errs []error
	for _, p := range ports(*n.config(), n.opts.Security) {
		errs = append(errs, n.bindAll(ctx, all, p))
		if ctx.Err() != nil {
			break // it was stopped while it waited: the other ports are not waited for any more
		}
	}
	return errors.Join(errs...)
}

// bind binds a port at one address, and adds the socket to all.
func (n *Nameserver) bind(all *sockets, p port, ep transport.Endpoint) (transport.Endpoint, error) {
	options := transport.SocketOptions{KeepAlive: n.config().KeepAlive, HandshakeInterval: n.opts.Security.Config().HandshakeInterval}
	secure := p.backend == transport.Secure
	if p.role == feed {
		options.Queue = feedQueue
		comers := &comers{wake: n.came}
		f, err := n.opts.Transport.Publisher(transport.PublisherConfig{
			Endpoint: ep, Backend: p.backend, Security: p.security, Listener: n.handed[ep.String()], SocketOptions: options,
			Subscribed: comers.subscribed,
		})
		if err != nil {
			return transport.Endpoint{}, err
		}
		all.feed = append(all.feed, publisher{f, secure, comers})
		return f.Endpoint(), nil
	}
	options.MaxMessage = maxRequestBytes
	r, err := n.opts.Transport.Replier(transport.ReplierConfig{
		Endpoint: ep, Backend: p.backend, Security: p.security, Listener: n.handed[ep.String()], SocketOptions: options,
		MaxInFlight: int64(n.config().MaxBytesInFlight),
	})
	if err != nil {
		return transport.Endpoint{}, err
	}
	to := &all.lookups
	if p.role == designated {
		to = &all.designated
	}
	*to = append(*to, replier{r, secure})
	return r.Endpoint(), nil
}

// bindAll binds one port at all addresses. Port 0 becomes the same free port at each.
func (n *Nameserver) bindAll(ctx context.Context, all *sockets, p port) error {
	for _, host := range n.bindHosts() {
		ep, err := bindEndpoint(host, p.number)
		if err != nil {
			return fmt.Errorf("%s: %w", p.key, err)
		}
		bound, err := n.bindPatiently(ctx, all, p, ep)
		if err != nil {
			return &BindError{Key: p.key, Endpoint: ep, Err: err}
		}
		p.number = bound.Port()
		at := all.endpoints.of(p)
		*at = append(*at, bound)
	}
	return nil
}

// bindPatiently waits for an address that the host does not have yet.
func (n *Nameserver) bindPatiently(ctx context.Context, all *sockets, p port, ep transport.Endpoint) (transport.Endpoint, error) {
	for waiting := false; ; waiting = true {
		bound, err := n.bind(all, p, ep)
		if !errors.Is(err, syscall.EADDRNOTAVAIL) && !errors.Is(err, syscall.ENODEV) {
			if waiting && err == nil {
				n.log.Info("address is there", zap.Stringer("uri", ep))
			}
			return bound, err
		}
		if !waiting {
			n.log.Warn("address is not there yet, waiting for it", zap.Stringer("uri", ep), zap.Error(err))
		}
		if n.opts.Waiting != nil {
			n.opts.Waiting(ep)
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
func (n *Nameserver) Endpoints() Endpoints { return n.sockets.Load().endpoints }
