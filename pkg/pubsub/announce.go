package pubsub

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// announcing is an announcer that runs.
type announcing struct {
	*discovery.Announcer
	cancel context.CancelFunc
	done   chan error // one deep, so that the announcer never waits
	sender io.Closer  // nil: not ours
}

// stop withdraws and waits for that.
func (a *announcing) stop() error {
	a.cancel()
	return errors.Join(<-a.done, closeIfAny(a.sender))
}

// sameAs is the first socket of a publisher that has two: where it is announced, and its server key.
type sameAs struct {
	uri string
	key curve.PublicKey
}

// announce starts to tell of a socket of a publisher that is bound: of the first one, or of the second one as the same as the first.
func (n *Node) announce(o PublisherOptions, bound transport.Endpoint, key curve.PublicKey, first *sameAs) (*announcing, error) {
	cfg, err := n.announcer(o, bound)
	if err != nil {
		return nil, err
	}
	if first != nil {
		cfg.Announcement = cfg.Announcement.WithSameAs(first.uri, first.key)
	}
	if !key.IsZero() {
		cfg.Announcement = cfg.Announcement.WithServerKey(key)
	}
	cfg.Announcement = cfg.Announcement.WithRelaying(o.Relaying)
	var sender io.Closer
	if len(o.Nameservers) == 0 || o.Announce == AnnounceBoth {
		if cfg.Group, sender, err = n.datagrams(); err != nil {
			return nil, err
		}
	}
	announcer, err := discovery.NewAnnouncer(cfg)
	if err != nil {
		return nil, errors.Join(err, closeIfAny(sender))
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &announcing{Announcer: announcer, cancel: cancel, done: make(chan error, 1), sender: sender}
	go func() { a.done <- announcer.Run(ctx) }()
	return a, nil
}

// announcer returns what is announced, and to which nameservers.
func (n *Node) announcer(o PublisherOptions, bound transport.Endpoint) (discovery.AnnouncerConfig, error) {
	where, err := advertised(o.Advertise, bound)
	if err != nil {
		return discovery.AnnouncerConfig{}, err
	}
	cfg := discovery.AnnouncerConfig{
		Announcement: discovery.Announcement{
			Name:             o.Name,
			URI:              where.endpoint.String(),
			Services:         services(o.Name, o.Aliases),
			SupportedVersion: message.Current,
			Backend:          o.Backend,
		},
		Interval:      o.BroadcastInterval,
		Hold:          o.AnnounceHold,
		Transport:     n.transport,
		Options:       n.socket(0),
		FollowAddress: where.changes,
		Wanted:        where.wanted,
		Encoder:       n.settings.encoder(),
		Logger:        n.logger,
	}
	if len(o.Nameservers) > 0 {
		cfg.Nameservers, err = n.nameservers(o.Nameservers, n.settings.registerPort(), n.settings.AnnounceBackend)
	}
	return cfg, err
}

// datagrams returns where announcements by multicast go, and what has to be closed afterwards.
func (n *Node) datagrams() (discovery.DatagramSender, io.Closer, error) {
	if n.group != nil {
		return n.group, nil, nil
	}
	cfg := n.settings.multicast()
	cfg.Logger = n.logger
	sender, err := multicast.NewSender(cfg)
	if err != nil {
		return nil, nil, err
	}
	return sender, sender, nil
}

// services are the name and its aliases, each once.
func services(name string, aliases []string) []string {
	list := []string{name}
	for _, alias := range aliases {
		if alias != "" && !slices.Contains(list, alias) {
			list = append(list, alias)
		}
	}
	return list
}

// place is where others connect to.
type place struct {
	endpoint transport.Endpoint
	changes  bool   // with the addresses of this host
	wanted   string // the interface to look at then; empty: any
}

// advertised returns the place of a publisher that bound an endpoint and wants to be known under a host or interface.
func advertised(want string, bound transport.Endpoint) (place, error) {
	if bound.Scheme() != "tcp" {
		return place{endpoint: bound}, bound.CheckConnect()
	}
	p := place{wanted: want, changes: want == "" || isInterface(want)}
	if want == "" && !isWildcard(bound.Host()) {
		p = place{wanted: bound.Host()} // it goes nowhere else
	}
	host, err := discovery.OwnAddress(p.wanted)
	if err != nil {
		return place{}, err
	}
	p.endpoint, err = transport.ConnectEndpoint("tcp://" + net.JoinHostPort(host, strconv.Itoa(bound.Port())))
	return p, err
}

func isInterface(name string) bool {
	_, err := net.InterfaceByName(name)
	return err == nil
}

func isWildcard(host string) bool {
	return host == "*" || host == "0.0.0.0" || host == "::"
}

func closeIfAny(c io.Closer) error {
	if c == nil {
		return nil
	}
	return c.Close()
}
