package discovery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// DefaultInterval is the time between announcements, as of the reference.
const DefaultInterval = 2 * time.Second

// minInterval is what an interval must be: less is a slip of the unit that would flood the network.
const minInterval = 10 * time.Millisecond

// jitter is the largest part by which an interval is shortened, so that the publishers of a host that
// started together do not stay in step. Intervals are never lengthened: nameservers count on them.
const jitter = 0.1

// addressCheck is how often an Announcer looks whether the address that it announces is still this host's.
const addressCheck = 30 * time.Second

// DatagramSender sends announcements to a group; *multicast.Sender is one, *inmem.Group another. Where it has
// a String method, that names it in the log.
type DatagramSender interface {
	Send(ctx context.Context, datagram []byte) error
}

// AnnouncerConfig configures an [Announcer]. A group or a nameserver at least is needed.
type AnnouncerConfig struct {
	Announcement Announcement
	// Interval between announcements, 10 ms at least; each is up to a tenth shorter, at random. Default 2 s; negative: never
	// announce.
	Interval time.Duration
	// Hold is how long the first announcement waits for [Announcer.Reannounce]: nameservers of the reference tell their feed of an address only once, as it is
	// announced first. Default 0: it does not wait.
	Hold time.Duration
	// Group is announced to when set. Extra keys of the announcement that do not fit a datagram are left out, the last
	// ones first.
	Group DatagramSender
	// Nameservers are registered with over Transport, each on its own. The port is that of announcements
	// ([DefaultBroadcastPort]), not that of lookups.
	Nameservers []transport.Address
	Transport   transport.Transport
	Options     transport.SocketOptions
	// FollowAddress says that the host in the announced URI came from [OwnAddress], asked for Wanted ("" or the name of an
	// interface). Then, when this host has lost that address and has another, or had none but loopback before, the announcement
	// moves: the old one is withdrawn and the new one made. It is looked at every 30 s.
	FollowAddress bool
	Wanted        string
	// Encoder's version is that of the announcements; default v1.01.
	Encoder message.Encoder
	// Logger is told once when a destination cannot be reached and once when it can again. Nil: nobody is.
	Logger *zap.Logger
}

// Announcer announces a publisher until it is stopped, and then withdraws it. Its methods may be called concurrently.
type Announcer struct {
	interval      time.Duration
	hold          time.Duration
	reannounced   <-chan struct{} // closed when what is announced is not what NewAnnouncer was given
	followAddress bool
	wanted        string // of OwnAddress, with followAddress
	encoder       message.Encoder
	log           *zap.Logger
	host          hostView
	destinations  []*destination

	change sync.Mutex // held while what is announced is replaced by what follows from it

	mu      sync.Mutex
	now     wording
	changed chan struct{} // closed when now is replaced
}

// wording is what is announced: as a whole, and as much as fits into a datagram.
type wording struct{ whole, datagram Announcement }

// NewAnnouncer checks cfg: a name that cannot stand in a subject, an address that nobody can connect to, and an announcement that does not
// fit a datagram though it must are refused here. Nothing is sent yet.
func NewAnnouncer(cfg AnnouncerConfig) (*Announcer, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	a := &Announcer{
		interval:      cfg.Interval,
		hold:          cfg.Hold,
		followAddress: cfg.FollowAddress,
		wanted:        cfg.Wanted,
		encoder:       cfg.Encoder,
		log:           named(cfg.Logger).With(zap.String("service", cfg.Announcement.Name)),
		host:          thisHost(),
		changed:       make(chan struct{}),
	}
	if a.interval == 0 {
		a.interval = DefaultInterval
	}
	if cfg.Group != nil {
		a.destinations = append(a.destinations, groupDestination(cfg.Group, a.log))
	}
	for _, ns := range cfg.Nameservers {
		a.destinations = append(a.destinations, designated(ns, cfg, requestTimeout(a.interval), a.log))
	}
	if err := a.set(cfg.Announcement.clone()); err != nil {
		return nil, err
	}
	a.reannounced = a.changed
	return a, nil
}

func (cfg AnnouncerConfig) check() error {
	if err := cfg.Announcement.check(); err != nil {
		return err
	}
	if cfg.Interval > 0 && cfg.Interval < minInterval {
		return fmt.Errorf("interval of %q: %s is less than %s", cfg.Announcement.Name, cfg.Interval, minInterval)
	}
	if cfg.Interval >= 0 && cfg.Group == nil && len(cfg.Nameservers) == 0 {
		return fmt.Errorf("announce %q: no group and no nameservers to announce to", cfg.Announcement.Name)
	}
	if len(cfg.Nameservers) > 0 && cfg.Transport == nil {
		return errors.New("register with nameservers: no transport")
	}
	if cfg.FollowAddress {
		if _, err := announcedHost(cfg.Announcement.URI); err != nil {
			return fmt.Errorf("follow this host's address: %w", err)
		}
	}
	return nil
}

// named returns log with this package's name, or a logger to nowhere.
func named(log *zap.Logger) *zap.Logger {
	if log == nil {
		return zap.NewNop()
	}
	return log.Named("discovery")
}

// Announcement returns what is announced now.
func (a *Announcer) Announcement() Announcement {
	now, _ := a.current()
	return now.whole.clone()
}

// Run announces, for the first time at once or when the hold is over, until ctx ends, then withdraws, and returns nil. An announcement that is under way then
// is finished before. That takes three seconds at most, and one where the last announcement did not get through. Run is called once.
func (a *Announcer) Run(ctx context.Context) error {
	if a.interval < 0 {
		<-ctx.Done()
		return nil
	}
	a.waitHold(ctx)
	var running sync.WaitGroup
	for _, d := range a.destinations {
		running.Go(func() { d.run(ctx, a) })
	}
	if a.followAddress {
		running.Go(func() { a.watchAddress(ctx) })
	}
	running.Wait()
	return nil
}

// current returns what is to be announced, and a channel that is closed when that changes.
func (a *Announcer) current() (wording, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now, a.changed
}

// set replaces what is announced.
func (a *Announcer) set(whole Announcement) error {
	w := wording{whole: whole}
	if _, err := whole.size(a.encoder); err != nil {
		return err
	}
	for _, d := range a.destinations {
		if !d.datagrams {
			continue
		}
		var err error
		if w.datagram, err = whole.fitted(a.encoder); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = w
	close(a.changed)
	a.changed = make(chan struct{})
	return nil
}

// pause is the time until the next announcement.
func (a *Announcer) pause() time.Duration {
	return shortened(a.interval)
}

// shortened returns d less a random part of it.
func shortened(d time.Duration) time.Duration {
	return d - time.Duration(rand.Float64()*jitter*float64(d))
}
