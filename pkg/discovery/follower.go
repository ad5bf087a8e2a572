package discovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Times of a Follower.
const (
	// DefaultRefresh is how often nameservers are asked besides what their feeds tell.
	DefaultRefresh = 5 * time.Minute
	// feedSettle is how long after a feed has connected it is sure to tell everything: a subscription takes effect a little
	// later than the connection stands, and a lookup may be answered between the two.
	feedSettle = 2 * time.Second
)

// Change is a publisher that came or went.
type Change struct {
	// Added says that the publisher came, or, for one that is there already, that its services, its message version or what it claims of its server
	// key changed. Else it went.
	Added bool
	// Entry is the publisher; when it went, as it was known last.
	Entry Entry
}

// FollowerConfig configures a [Follower].
type FollowerConfig struct {
	LookupConfig
	// Services of interest; "" among them: all. None: nothing is followed.
	Services []string
	// Feeds are the change feeds of the nameservers. None: lookups alone, repeated until each service has been found once; then
	// nothing is ever removed. Several on one host are the places where its nameserver may have the one that we can follow: as long as one of them
	// stands the others are not missed.
	Feeds []transport.Address
	// Usable tells, for lookups alone, which publishers the subscriber can use: a service of which there are only others is not found yet. It
	// may be called concurrently. Nil: all.
	Usable func(Entry) bool
	// Refresh is how often nameservers are asked again besides, while a feed of theirs stands; one without is asked every 10 s. Each time is up
	// to a tenth shorter, at random. Default 5 min.
	Refresh time.Duration
}

// Follower keeps track of the publishers of services: it asks the nameservers, follows their change feeds, asks again when a feed
// comes back and every few minutes, and tells what came and went. It works
// without any nameserver and finds publishers when one comes.
//
// It passes on every publisher that a subscriber could connect to, also one with a newer message version or
// on a secure socket: whether it can be used is the subscriber's to say.
//
// A publisher is told as gone only when a feed says so and none of the nameservers, asked then, lists it any
// more (one that is down counts as listing what it listed within the last ten minutes), or when it has been missing
// from all their answers for ten minutes. A nameserver that restarts with an empty table removes nothing.
type Follower struct {
	cfg     FollowerConfig
	log     *zap.Logger
	feeds   feedStates
	askers  []*asker
	refused refusals
	epoch   atomic.Uint64 // of the table, for the askers

	mu     sync.Mutex
	wanted []string // services to ask for
}

// NewFollower checks cfg. Nothing is connected yet.
func NewFollower(cfg FollowerConfig) (*Follower, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("follow services %q: %w", cfg.Services, err)
	}
	f := &Follower{cfg: cfg, log: named(cfg.Logger), wanted: slices.Clone(cfg.Services)}
	f.refused.log = f.log
	f.feeds.came = make(chan struct{}, 1)
	for i := range cfg.Nameservers {
		f.askers = append(f.askers, newAsker(f, i))
	}
	return f, nil
}

func (cfg *FollowerConfig) complete() error {
	cfg.Services = slices.Clone(cfg.Services)
	if slices.Contains(cfg.Services, "") {
		cfg.Services = []string{""}
	}
	if cfg.Refresh < 0 {
		return fmt.Errorf("refresh %s: is negative", cfg.Refresh)
	}
	if cfg.Refresh == 0 {
		cfg.Refresh = DefaultRefresh
	}
	if len(cfg.Services) == 0 {
		return nil // nobody is asked
	}
	err := cfg.LookupConfig.complete()
	if errors.Is(err, errNoNameservers) && len(cfg.Feeds) > 0 {
		return nil
	}
	return err
}

// FollowerStats counts what a Follower could not use.
type FollowerStats struct {
	// Refused are messages of feeds and entries of nameservers that no subscriber could have used.
	Refused uint64
}

// Stats returns counters since the Follower was made. It may be called at any time.
func (f *Follower) Stats() FollowerStats {
	return FollowerStats{Refused: f.refused.count.Load()}
}

// Run follows until ctx ends, and returns nil then. It calls changed, from the goroutine that called Run, for each change in
// order, and waits for it to return. A feed that cannot be followed, for want of keys say, is an
// error; one that is not there is waited for. Run is called once.
func (f *Follower) Run(ctx context.Context, changed func(Change)) error {
	if len(f.cfg.Services) == 0 {
		<-ctx.Done()
		return nil
	}
	sub, err := f.openFeeds()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{Follower: f, changed: changed, table: newTable(len(f.askers)),
		rounds: make(chan round), news: make(chan []news), failed: make(chan error, 1)}
	f.epoch.Store(w.table.epoch)
	var running sync.WaitGroup
	if sub != nil {
		running.Go(func() { w.failed <- f.readFeeds(ctx, sub, w.news) })
	}
	for _, a := range f.askers {
		running.Go(func() { a.run(ctx, w.rounds) })
	}
	err = w.run(ctx)
	cancel()
	running.Wait()
	if sub != nil {
		err = errors.Join(err, sub.Close())
	}
	return err
}

// services returns what is to be asked for.
func (f *Follower) services() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.wanted)
}

// watch is a Follower that runs. One goroutine has it.
type watch struct {
	*Follower
	changed func(Change)
	table   *table
	rounds  chan round
	news    chan []news
	failed  chan error // of the feeds; one deep, so that its only sender never waits

	hosts      map[string]*feedHost // of the feeds, by name
	fullLogged bool
}

func (w *watch) run(ctx context.Context) error {
	var again, late <-chan time.Time
	for {
		select {
		case r := <-w.rounds:
			w.found(r.found)
			w.tell(w.table.answered(r, time.Now()))
		case list := <-w.news:
			w.hear(list)
		case <-w.feeds.came:
			if w.logFeeds() {
				w.askAll()
				again = time.After(feedSettle)
			}
			if late == nil && w.feedsWaiting() {
				late = time.After(feedGrace)
			}
		case <-again:
			again = nil
			w.askAll()
		case <-late:
			late = nil
			if w.logLateFeeds() {
				late = time.After(feedGrace)
			}
		case err := <-w.failed:
			if ctx.Err() != nil {
				return nil
			}
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

// hear takes in what a feed told.
func (w *watch) hear(list []news) {
	var doubts bool
	for _, n := range list {
		var changes []Change
		var ask bool
		if n.gone {
			changes, ask = w.table.doubt(n.entry.URI)
		} else {
			changes, ask = w.table.told(n.entry, w.offered(n.entry))
		}
		doubts = doubts || ask
		w.tell(changes)
	}
	if doubts {
		w.epoch.Store(w.table.epoch)
		w.askAll()
	}
}

// offered tells whether e is a publisher of a service of interest.
func (w *watch) offered(e Entry) bool {
	return slices.ContainsFunc(w.cfg.Services, e.Offers)
}

// found takes services off the list of those to ask for, where each is to be found only once.
func (w *watch) found(services map[string]bool) {
	if len(w.cfg.Feeds) > 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted = slices.DeleteFunc(w.wanted, func(s string) bool { return services[s] })
}

func (w *watch) tell(changes []Change) {
	for _, c := range changes {
		if c.Added {
			w.log.Debug("publisher found", zap.String("uri", c.Entry.URI), zap.Strings("service", c.Entry.Services))
		} else {
			w.log.Debug("publisher gone", zap.String("uri", c.Entry.URI), zap.Strings("service", c.Entry.Services))
		}
		w.changed(c)
	}
	if w.table.full && !w.fullLogged {
		w.fullLogged = true
		w.log.Error("too many publishers; further ones are not followed", zap.Int("count", maxPublishers))
	}
}

// askAll has each nameserver asked as soon as may be.
func (w *watch) askAll() {
	for _, a := range w.askers {
		a.now()
	}
}
