package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// arriveTime is how long after the last message was sent the last one may come.
const arriveTime = 15 * time.Second

// soak runs the whole, and prints the table.
func soak(ctx context.Context, at where, length time.Duration, slow int, out io.Writer) (err error) {
	at.dir, err = os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(at.dir)) }()
	ctx, cancel := context.WithCancel(ctx) // which kills what still runs
	defer cancel()
	w, err := newWorld(ctx, at, slow)
	if w != nil {
		defer func() { err = errors.Join(err, w.close()) }()
	}
	if err != nil {
		return err
	}
	if err := w.populate(ctx); err != nil {
		return err
	}
	churn := newChurn(w)
	if err := load(ctx, w, churn, length); err != nil {
		return err
	}
	results, err := w.finish(ctx, churn)
	if err != nil {
		return err
	}
	printTable(out, w, churn, results)
	return errors.Join(results.failures...)
}

// load lets publishers and subscribers come and go for so long, and samples those that stay.
func load(ctx context.Context, w *world, c *churn, length time.Duration) error {
	loaded, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	g, loaded := errgroup.WithContext(loaded)
	g.Go(func() error { return sampleAll(loaded, w.gauges()) })
	g.Go(func() error {
		w.plain.stalls.run(loaded)
		return nil
	})
	g.Go(func() error {
		c.run(loaded)
		return nil
	})
	return errors.Join(g.Wait(), ctx.Err())
}

// results is what came of it.
type results struct {
	received, lost, again, bad int
	asked, wrong, starved      int
	failures                   []error
}

func (r *results) fail(err error) {
	if err != nil {
		r.failures = append(r.failures, err)
	}
}

// finish stops everything in order, and checks what has come of it. An error is that of something that did not work at all.
func (w *world) finish(ctx context.Context, c *churn) (r *results, err error) {
	r = &results{failures: c.failures()}
	lives := c.lives()
	// First those that ask for publishers, which are about to go.
	for _, c := range w.clients {
		var a asked
		if err := c.stop(&a); err != nil {
			return nil, err
		}
		r.asked, r.starved = r.asked+a.Asked, r.starved+a.Starved
		for what, times := range a.Wrong {
			r.wrong += times
			r.fail(fmt.Errorf("%s: wrong %d times: %s", c.name, times, what))
		}
		if a.Asked == 0 {
			r.fail(fmt.Errorf("%s have asked nothing", c.name))
		}
	}
	for name, p := range w.publishers {
		var s sent
		if err := p.stop(&s); err != nil {
			return nil, err
		}
		lives[name] = life{secure: w.isSecure[name], sent: int(s.Count)}
	}
	for _, s := range w.subscribers {
		r.fail(until(ctx, arriveTime, func() error {
			s.heard = nil
			if _, err := s.ask(&s.heard); err != nil {
				return err
			}
			return checkLives(s, lives)
		}))
		if err := s.stop(&s.heard); err != nil {
			return nil, err
		}
		r.enter(s)
	}
	for _, g := range w.gauges() {
		for _, what := range g.grown() {
			r.fail(errors.New(what))
		}
	}
	for _, g := range []*gauge{w.relay, w.nameserver} {
		r.fail(g.awaitIdle(ctx))
	}
	for _, g := range []*gauge{w.relay, w.nameserver} {
		if err := g.stop(nil); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// enter adds up what a subscriber has heard.
func (r *results) enter(s *listening) {
	r.received += s.heard.received()
	for _, a := range s.heard {
		r.lost, r.again, r.bad = r.lost+a.Lost, r.again+a.Again, r.bad+a.Bad
	}
	r.fail(checkLedger(s.name, s.heard))
}

// checkLives tells which publisher a subscriber has not heard, or not to its end. Of one that was killed some may have been on their way.
func checkLives(s *listening, lives map[string]life) error {
	var errs []error
	for name, l := range lives {
		switch a, ok := s.heard[name]; {
		case l.secure != s.secure:
		case !ok:
			errs = append(errs, fmt.Errorf("%s has not heard %s, which sent %d", s.name, name, l.sent))
		case !l.killed && a.Last != l.sent:
			errs = append(errs, fmt.Errorf("%s has heard %s up to %d of %d", s.name, name, a.Last, l.sent))
		}
	}
	return errors.Join(errs...)
}

// checkLedger tells what a subscriber has lost.
func checkLedger(who string, l ledger) error {
	var errs []error
	for name, a := range l {
		if a.Lost > 0 || a.Again > 0 || a.Bad > 0 {
			errs = append(errs, fmt.Errorf("%s, of %s: %+v", who, name, a))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return len(a.Error()) - len(b.Error()) })
	return errors.Join(errs...)
}
