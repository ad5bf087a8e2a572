package pubsub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// announcing is an announcer that runs.
type announcing struct {
	cancel context.CancelFunc
	done   chan error
	sender io.Closer // nil: not ours
}

// stop withdraws and waits for that.
func (a *announcing) stop() error {
	a.cancel()
	err := <-a.done
	if a.sender != nil {
		err = errors.Join(err, a.sender.Close())
	}
	return err
}

// announce starts to tell of p, which is bound.
func (n *Node) announce(p *Publisher, o PublisherOptions) (err error) {
	uri, err := advertised(o.Advertise, p.Endpoint())
	if err != nil {
		return fmt.Errorf("address to announce: %w", err)
	}
	cfg := discovery.AnnouncerConfig{
		Announcement: discovery.Announcement{
			Name:             o.Name,
			URI:              uri.String(),
			Services:         services(o.Name, o.Aliases),
			SupportedVersion: message.Current,
			Backend:          o.Backend,
		},
		Interval:  o.BroadcastInterval,
		Transport: n.transport,
		Options:   n.settings.socket(0),
		Encoder:   n.settings.encoder(),
		Logger:    n.log,
	}
	if len(o.Nameservers) > 0 {
		cfg.Nameservers, err = n.nameservers(o.Nameservers, n.settings.registerPort())
		if err != nil {
			return err
		}
	}
	var sender io.Closer
	if len(o.Nameservers) == 0 || o.Announce == AnnounceBoth {
		if cfg.Group, sender, err = n.datagrams(); err != nil {
			return err
		}
	}
	announcer, err := discovery.NewAnnouncer(cfg)
	if err != nil {
		if sender != nil {
			err = errors.Join(err, sender.Close())
		}
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &announcing{cancel: cancel, done: make(chan error, 1), sender: sender}
	go func() { a.done <- announcer.Run(ctx) }()
	p.uri, p.announcing = cfg.Announcement.URI, a
	return nil
}

// datagrams returns where announcements by multicast go, and what has to be closed afterwards.
func (n *Node) datagrams() (discovery.DatagramSender, io.Closer, error) {
	if n.group != nil {
		return n.group, nil, nil
	}
	cfg := n.settings.multicast()
	cfg.Logger = n.log
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

// advertised returns the endpoint that others connect to.
func advertised(want string, bound transport.Endpoint) (transport.Endpoint, error) {
	if bound.Scheme() != "tcp" {
		return bound, bound.CheckConnect()
	}
	if want == "" && !isWildcard(bound.Host()) {
		want = bound.Host()
	}
	host, err := discovery.OwnAddress(want)
	if err != nil {
		return transport.Endpoint{}, err
	}
	return transport.ConnectEndpoint("tcp://" + net.JoinHostPort(host, strconv.Itoa(bound.Port())))
}

func isWildcard(host string) bool {
	return host == "*" || host == "0.0.0.0" || host == "::"
}
