package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// caseLimit is how long a case may take, without what is checked after it.
const caseLimit = time.Minute

// maxLines are the lines that a program may log for a case, unless the case says another number.
const maxLines = 200

// result is what came of a case at one of its sockets.
type result struct {
	name, socket string
	err          error
	open         string // why it is known to fail
	took         time.Duration
	cpu          time.Duration // of the program whose socket it is
	peak         int64         // the most memory that it had
	before       int64         // what it had before the first case
	after        int64         // what it has now
}

// failed tells whether r is a failure.
func (r result) failed() bool { return r.err != nil && r.open == "" }

// attempt runs a case at one socket and checks the world.
func (w *world) attempt(ctx context.Context, c testCase, at socket) result {
	r := result{name: c.name, socket: at.name, open: c.open}
	begun := time.Now()
	owner := w.watched(at)
	busy, err := owner.busy()
	r.err = errors.Join(err, owner.resetPeak())
	logged := make(map[*process]int)
	for _, p := range w.processes {
		logged[p] = p.lines()
	}
	r.err = errors.Join(r.err, w.suffer(ctx, c, at))
	for p, lines := range logged {
		if n := p.lines() - lines; n > cmp.Or(c.lines, maxLines) {
			r.err = errors.Join(r.err, fmt.Errorf("%s: logged %d lines, as %s", p.name, n, p.tail(3)))
		}
	}
	if now, err := owner.busy(); err == nil { // else it has ended, which is told
		r.cpu = now - busy
	}
	r.peak, _ = owner.peak()    // likewise
	now, _ := owner.footprint() // likewise
	r.after = now.memory
	r.before, r.took = w.before[owner].memory, time.Since(begun)
	return r
}

// watched is the process that the figures of a case are about.
func (w *world) watched(at socket) *process {
	if at.owner == nil {
		return w.nameserver
	}
	return at.owner(w)
}

// suffer lets a case happen, checks meanwhile and afterwards, and waits until all is as before.
func (w *world) suffer(ctx context.Context, c testCase, at socket) error {
	limited, cancel := context.WithTimeout(ctx, caseLimit)
	defer cancel()
	a := &attack{Context: limited, w: w, at: at}
	err := c.run(a)
	if err != nil {
		err = fmt.Errorf("in the case: %w", err)
	}
	if a.holds() {
		what := everything
		if c.meanwhile != nil {
			what = *c.meanwhile
		}
		if e := w.checkOnly(ctx, what); e != nil {
			err = errors.Join(err, fmt.Errorf("meanwhile: %w", e))
		}
		if e := a.release(); e != nil {
			err = errors.Join(err, fmt.Errorf("letting go: %w", e))
		}
	}
	if e := w.check(ctx); e != nil {
		return errors.Join(err, fmt.Errorf("afterwards: %w", e))
	}
	if e := w.settle(ctx, w.settleLimit, moreMemory); e != nil {
		err = errors.Join(err, fmt.Errorf("after %v: %w", w.settleLimit, e))
	}
	return err
}

// end stops the programs, and in the long form waits for their memory before.
func (w *world) end(ctx context.Context, quick bool) (last []result) {
	if !quick {
		last = append(last, w.settleForGood(ctx))
	}
	stop, begun := result{name: "all/stop", socket: "-"}, time.Now()
	stop.err = w.close()
	stop.took = time.Since(begun)
	return append(last, stop)
}

// maxOwnPeak is the most memory that this program may have had, in bytes: what it may take ([ownMemory]), and what a large case needs beyond that.
const maxOwnPeak = 3 * ownMemory

// ownResult is whether this program has kept to that. What it takes programs beside it lack, on a machine that has little.
func ownResult() result {
	r := result{name: "all/runner", socket: "-"}
	r.peak, r.err = ownPeak()
	if r.after = r.peak; r.err == nil && r.peak > maxOwnPeak {
		r.err = fmt.Errorf("this program took %.0f MB, more than %.0f", megabytes(r.peak), megabytes(maxOwnPeak))
	}
	return r
}
