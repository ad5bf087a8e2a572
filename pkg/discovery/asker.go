package discovery

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Times between the questions to one nameserver.
const (
	minAskPause = 100 * time.Millisecond // also after any number of reasons to ask
	firstRetry  = 500 * time.Millisecond
	maxRetry    = 10 * time.Second
)

// asker asks one nameserver for the services of a Follower, again and again. One goroutine runs it.
type asker struct {
	f     *Follower
	index int
	log   *zap.Logger
	wake  chan struct{} // one deep: a question that is due covers all reasons to ask it
	fed   atomic.Bool   // a feed of the nameserver stands
	retry time.Duration
	lost  bool
}

func newAsker(f *Follower, i int) *asker {
	return &asker{f: f, index: i, wake: make(chan struct{}, 1), log: f.log.With(zap.Stringer("peer", f.cfg.Nameservers[i]))}
}

// now has the nameserver asked at once, or again when it is being asked.
func (a *asker) now() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// run asks until ctx ends or there is nothing left to ask for.
func (a *asker) run(ctx context.Context, rounds chan<- round) {
	for {
		services := a.f.services()
		if len(services) == 0 {
			return
		}
		r := a.ask(ctx, services)
		select {
		case rounds <- r:
		case <-ctx.Done():
			return
		}
		a.report(r.err)
		if !a.wait(ctx, a.pause(r.err)) {
			return
		}
	}
}

// ask puts one question for each service.
func (a *asker) ask(ctx context.Context, services []string) round {
	r := round{from: a.index, epoch: a.f.epoch.Load(), found: make(map[string]bool)}
	seen := make(map[string]bool)
	for _, s := range services {
		var entries []Entry
		if entries, r.err = a.askFor(ctx, s); r.err != nil {
			return r
		}
		r.found[s] = slices.ContainsFunc(entries, a.f.usable)
		for _, e := range entries {
			if !seen[e.URI] {
				seen[e.URI] = true
				r.entries = append(r.entries, e)
			}
		}
	}
	r.whole = len(a.f.cfg.Feeds) > 0
	return r
}

func (a *asker) askFor(ctx context.Context, service string) ([]Entry, error) {
	frame, err := request(a.f.cfg.Encoder, service)
	if err != nil {
		return nil, err
	}
	timeout := max(a.f.cfg.Timeout/3, minRequest)
	return ask(ctx, a.f.cfg.LookupConfig, a.index, frame, timeout, a.f.refused.add)
}

// usable tells whether a publisher is one that a service can be found by.
func (f *Follower) usable(e Entry) bool { return f.cfg.Usable == nil || f.cfg.Usable(e) }

// report logs when the nameserver is lost and when it is back, once each.
func (a *asker) report(err error) {
	switch {
	case err != nil && !a.lost:
		a.log.Warn("nameserver gives no list", zap.Error(err), advice(err))
	case err == nil && a.lost:
		a.log.Info("nameserver answers again")
	}
	a.lost = err != nil
}

// hears takes in whether a feed of the nameserver stands.
func (a *asker) hears(feed bool) {
	if a.fed.Swap(feed) && !feed {
		a.now() // and from now on more often
	}
}

// pause is the time until the next question: long after an answer, growing from short while something is missing. That may be the feed: of
// one kind of feed, plain or secure, Python's nameserver has only one, and those who speak the other way hear of changes by asking alone.
func (a *asker) pause(err error) time.Duration {
	if err == nil && a.fed.Load() {
		a.retry = 0
		return shortened(a.f.cfg.Refresh)
	}
	a.retry = min(max(2*a.retry, firstRetry), maxRetry, a.f.cfg.Refresh)
	return shortened(a.retry)
}

// wait waits for d, or less when there is a reason to ask. It tells whether ctx is still on.
func (a *asker) wait(ctx context.Context, d time.Duration) bool {
	if !sleep(ctx, minAskPause) {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.wake:
	case <-ctx.Done():
		return false
	}
	return true
}
