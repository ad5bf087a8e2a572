package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"
)

// Publishers and subscribers that come and go.
const (
	comeInterval = 1500 * time.Millisecond // between two that come
	shortestLife = 6 * time.Second
	longestLife  = 12 * time.Second
	subscribers  = 5 // every so many a subscriber comes too
	// goneStopped and goneKilled are until when lookups must not find a publisher that was stopped, or killed. The first takes no time unless the datagram that says
	// so is lost; else the nameserver probes those that it has not heard of for 5 s.
	goneStopped = 20 * time.Second
	goneKilled  = 40 * time.Second
)

// churn has publishers and subscribers come and go.
type churn struct {
	w   *world
	all sync.WaitGroup

	mu     sync.Mutex
	known  map[string]life
	errs   []error
	passed int // subscribers that came and went
}

// life is that of a publisher.
type life struct {
	secure bool
	killed bool
	sent   int // before it stopped; of one that was killed, until just before that
}

func newChurn(w *world) *churn { return &churn{w: w, known: make(map[string]life)} }

// run lets them come until ctx ends, and waits until all have gone. What is wrong with one ends nothing: it is among failures.
func (c *churn) run(ctx context.Context) {
	tick := time.NewTicker(c.w.plain.slowed(comeInterval))
	defer tick.Stop()
	for number := 1; ctx.Err() == nil; number++ {
		c.all.Go(func() { c.note(c.publisher(ctx, number)) })
		if number%subscribers == 0 {
			c.all.Go(func() { c.note(c.subscriber(ctx, number)) })
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	c.all.Wait()
}

// failures are those by now.
func (c *churn) failures() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.errs)
}

func (c *churn) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.errs = append(c.errs, err)
		fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), err) // who watches need not wait for the end
	}
}

// publisher is one that comes and goes. It goes before its time when ctx ends, and is seen to the end then too.
func (c *churn) publisher(ctx context.Context, number int) error {
	now, born := context.WithoutCancel(ctx), time.Now()
	p := party{keys: c.w.keys, slow: c.w.plain.slow, name: fmt.Sprintf("passing-%d", number), secure: number%3 == 0, multicast: number%2 == 0}
	p.service = serviceOf(p.secure)
	run, err := p.start(now, "publisher")
	if err != nil {
		return err
	}
	if err := c.w.awaitListed(now, p.name, p.secure, true, answerTime); err != nil {
		return run.explain(err)
	}
	lived := live(ctx)
	l := life{secure: p.secure, killed: number%4 > 1}
	var s sent
	if l.killed {
		_, err = run.ask(&s)
		err = errors.Join(err, run.kill())
	} else {
		err = run.stop(&s)
	}
	l.sent = int(s.Count)
	if err != nil {
		return err
	}
	if lived {
		c.mu.Lock()
		c.known[p.name] = l
		c.mu.Unlock()
	}
	limit := goneStopped
	if l.killed {
		limit = goneKilled
	}
	// One whose announcements came late is given more time by the nameserver: two and a half times what was between two.
	limit += 3 * c.w.plain.stalls.since(born)
	return c.w.awaitListed(now, p.name, p.secure, false, limit)
}

// live waits for a random time and tells whether it was over before ctx.
func live(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(shortestLife + rand.N(longestLife-shortestLife)):
		return true
	}
}

// subscriber is one that comes and goes. While it is there nothing may be lost.
func (c *churn) subscriber(ctx context.Context, number int) error {
	p := party{keys: c.w.keys, slow: c.w.plain.slow, name: fmt.Sprintf("passing-%d", number), secure: number%2 == 0}
	p.service = serviceOf(p.secure)
	run, err := p.start(context.WithoutCancel(ctx), "subscriber")
	if err != nil {
		return err
	}
	lived := live(ctx)
	var l ledger
	_, err = run.ask(&l)
	if number%4 < 2 {
		err = errors.Join(err, run.kill())
	} else {
		err = errors.Join(err, run.stop(&l))
	}
	c.mu.Lock()
	c.passed++
	c.mu.Unlock()
	if err == nil && lived && len(l) == 0 {
		err = run.explain(errors.New("has heard nobody"))
	}
	return errors.Join(err, checkLedger(run.name, l))
}

// lives are those of the publishers that came and went in their time.
func (c *churn) lives() map[string]life {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.known)
}

func serviceOf(secure bool) string {
	if secure {
		return secureService
	}
	return plainService
}
