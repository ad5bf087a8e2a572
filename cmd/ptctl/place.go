package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// place is where a command publishes, to whom that is announced, and for whom it waits.
type place struct {
	options pubsub.PublisherOptions
	noTell  bool
	both    bool

	wait        int
	waitTimeout time.Duration
}

func (p *place) flags(f *pflag.FlagSet) {
	f.StringVar(&p.options.Name, "name", "", "announce the publisher as `SERVICE`")
	f.StringArrayVar(&p.options.Aliases, "alias", nil, "further `NAME` to announce; may be repeated")
	f.StringArrayVarP(&p.options.Nameservers, "nameserver", "n", nil, "announce to the nameserver on `HOST`, instead of by multicast; may be repeated")
	f.BoolVar(&p.both, "multicast", false, "announce by multicast also with --nameserver")
	f.BoolVar(&p.noTell, "no-announce", false, "announce nothing; the name then stands in heartbeats alone")
	f.IntVarP(&p.options.Port, "port", "p", 0, "bind `PORT` (default: a free one)")
	f.StringVarP(&p.options.Address, "address", "a", "", "bind `URI` instead, as tcp://10.0.0.1:9010 or ipc:///run/x")
	f.StringVar(&p.options.Advertise, "advertise", "", "`HOST` or network interface to announce (default: the address this host reaches others from)")
	f.IntVarP(&p.wait, "wait", "w", 0, "wait until `N` subscriptions cover the subject of the first message")
	f.DurationVar(&p.waitTimeout, "wait-timeout", 0, "give up waiting after so long, with status 3 (default: never)")
	f.IntVar(&p.options.Queue, "queue", 0, "hold `N` messages for a subscriber that is slower; what comes on top is lost for it (default 1000)")
	f.BoolVar(&p.options.Lax, "lax", false, "also send what would end Python subscribers")
}

// check finds what flags contradict, and completes the options.
func (p *place) check() error {
	o := &p.options
	switch {
	case o.Name == "" && (len(o.Aliases) > 0 || len(o.Nameservers) > 0 || p.both):
		return daemon.Usage("--alias, --nameserver and --multicast announce a publisher, which needs a --name")
	case p.noTell && (len(o.Nameservers) > 0 || p.both):
		return daemon.Usage("--no-announce and --nameserver or --multicast exclude each other")
	case p.wait < 0 || p.waitTimeout < 0:
		return daemon.Usage("--wait and --wait-timeout must not be negative")
	case o.Queue < 0:
		return daemon.Usage("--queue must not be negative")
	case o.Name == "" || p.noTell:
		o.Announce = pubsub.AnnounceNone
	case p.both:
		o.Announce = pubsub.AnnounceBoth
	}
	return errors.Join(checkBind(o), checkNameservers(o.Nameservers))
}

// publisher makes the publisher. The caller closes it.
func (p *place) publisher(node *pubsub.Node) (*pubsub.Publisher, error) {
	pub, err := node.Publisher(p.options)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, daemon.Hint(err, "another program has that port (ss -ltnp shows which): choose another one, or leave it out for a free one")
	}
	return pub, keysMissing(err)
}

// waitSubscribed waits for as many subscriptions to a subject as were asked for.
func (p *place) waitSubscribed(ctx context.Context, pub *pubsub.Publisher, subject string) error {
	if p.wait == 0 {
		return nil
	}
	if p.waitTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.waitTimeout)
		defer cancel()
	}
	err := pub.WaitSubscribed(ctx, subject, p.wait)
	if errors.Is(err, context.DeadlineExceeded) {
		return daemon.Hint(daemon.Nothing(fmt.Errorf("%s is not subscribed to by %d within %s; nothing was sent", subject, p.wait, p.waitTimeout)),
			"start the subscriber, or send without --wait")
	}
	return err
}
