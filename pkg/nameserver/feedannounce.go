package nameserver

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// lastWords is how long telling others that the feed stops may take.
const lastWords = 300 * time.Millisecond

// addressRetry is the time between attempts to find an address for the feed.
const addressRetry = 2 * time.Second

// announceFeed announces the change feed until ctx ends: to this nameserver, to the group and to other nameservers.
func (n *Nameserver) announceFeed(ctx context.Context) error {
	host, follow, err := n.feedHost(ctx)
	if err != nil {
		return part(ctx, "address of the change feed", err)
	}
	cfg := n.config()
	announcement := discovery.Announcement{
		Name:             feedName,
		URI:              "tcp://" + joinHostPort(host, n.Endpoints().Feed[0].Port()),
		Services:         []string{feedName, feedAlias},
		SupportedVersion: message.Current,
		Backend:          cfg.Backend,
	}
	if cfg.Backend == transport.Secure {
		announcement = announcement.WithServerKey(n.opts.Security.Server(transport.Secure).Key.Public)
	}
	announce := discovery.AnnouncerConfig{
		Announcement:  announcement,
		Interval:      cfg.FeedAnnounceInterval,
		Group:         &feedGroup{n},
		Transport:     &hurried{n.opts.Transport, n.stopped},
		Options:       n.opts.Security.Options(transport.SocketOptions{KeepAlive: cfg.KeepAlive}),
		FollowAddress: follow,
		Wanted:        cfg.FeedAddress,
		Encoder:       n.encoder(),
		Logger:        n.opts.Logger,
	}
	if announce.Nameservers, err = n.feedNameservers(); err != nil {
		return err
	}
	announcer, err := discovery.NewAnnouncer(announce)
	if err != nil {
		return fmt.Errorf("announce the change feed: %w", err)
	}
	return announcer.Run(ctx)
}

// feedHost is where the change feed is announced, and whether that follows this host's address. An interface that has no address
// yet and a name that cannot be resolved yet are waited for.
func (n *Nameserver) feedHost(ctx context.Context) (host string, follow bool, err error) {
	cfg := n.config()
	if cfg.RestrictToLocalhost {
		return loopback4, false, nil
	}
	for waiting := false; ; waiting = true {
		if host, err = discovery.OwnAddress(cfg.FeedAddress); err == nil {
			_, notInterface := net.InterfaceByName(cfg.FeedAddress)
			return host, cfg.FeedAddress == "" || notInterface == nil, nil
		}
		if !waiting {
			n.log.Warn("no address to announce the change feed at, waiting for one", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return "", false, err
		case <-time.After(addressRetry):
		}
	}
}

// feedNameservers are those that the change feed registers with.
func (n *Nameserver) feedNameservers() ([]transport.Address, error) {
	cfg := n.config()
	if cfg.RestrictToLocalhost {
		return nil, nil
	}
	var all []transport.Address
	for _, s := range cfg.FeedNameservers {
		a, err := cfg.feedNameserver(s)
		if err != nil {
			return nil, err
		}
		all = append(all, n.opts.Security.Address(a))
	}
	return all, nil
}

// feedNameserver is where an entry of FeedNameservers is told.
func (c Config) feedNameserver(s string) (transport.Address, error) {
	port := discovery.DefaultBroadcastPort
	if c.announceBackend() == transport.Secure {
		port = defaultSecureBroadcastPort
	}
	a, err := discovery.NameserverAddress(s, port)
	a.Backend = c.announceBackend()
	return a, err
}

// announceBackend is how other nameservers are told.
func (c Config) announceBackend() transport.Backend { return cmp.Or(c.AnnounceBackend, c.Backend) }

// feedGroup is who hears the announcements of the change feed: this nameserver, which lists it whatever becomes of the network, and the
// group, unless this host is served alone.
type feedGroup struct{ n *Nameserver }

// Send takes the announcement in and sends it to the group.
func (g *feedGroup) Send(ctx context.Context, frame []byte) error {
	from := registry.Source{Addr: netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	if err := g.n.take(ctx, frame, 1, from, registry.Own); err != nil && !errors.Is(err, errStopped) {
		return err
	}
	cfg := g.n.config()
	if !cfg.Multicast || cfg.RestrictToLocalhost {
		return nil
	}
	g.n.said.Store(new(bytes.Clone(frame)))
	return g.n.opts.Sender.Send(ctx, frame)
}

// String names the group in the log.
func (g *feedGroup) String() string {
	if s, ok := g.n.opts.Sender.(fmt.Stringer); ok {
		return s.String()
	}
	return "group"
}

// hurried is a transport whose requests end soon after the nameserver has stopped: another one that is down must not hold it up.
type hurried struct {
	transport.Transport
	stopped <-chan struct{}
}

// Request is that of the transport, for lastWords at most once the nameserver has stopped.
func (h *hurried) Request(ctx context.Context, to transport.Address, frame []byte, opts transport.SocketOptions) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-h.stopped:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(lastWords):
			cancel()
		case <-ctx.Done():
		}
	})
	defer watching.Wait()
	defer cancel()
	return h.Transport.Request(ctx, to, frame, opts)
}
