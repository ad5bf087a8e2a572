package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What a program may have more than before, when all that was done to it is over.
const (
	moreFiles  = 2
	moreMemory = 80 << 20 // bytes: heaps of Go, which are collected every two minutes at least; what is leaked all cases together leak
	// lastMemory is the same when all cases are over and Go has collected. What each case leaves behind counts together. Of it are, in the relay, some 7 MB of last
	// messages and the replay, which its settings allow, and 3 of windows against loops and duplicates. What is more is a leak.
	lastMemory = 16 << 20
	lastLimit  = 5 * time.Minute
)

// settle waits until all programs take what they took before.
func (w *world) settle(ctx context.Context, limit time.Duration, memory int64) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var errs []error
	for _, p := range w.processes {
		errs = append(errs, eventually(ctx, func() error { return w.isSettled(p, memory) }))
	}
	return errors.Join(errs...)
}

// settleForGood waits until they take no more than that.
func (w *world) settleForGood(ctx context.Context) result {
	r, begun := result{name: "all/memory", socket: "-"}, time.Now()
	r.err = w.settle(ctx, lastLimit, lastMemory)
	r.took = time.Since(begun)
	return r
}

// eventually tries until it succeeds or ctx ends, and returns the last error.
func eventually(ctx context.Context, try func() error) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

func (w *world) isSettled(p *process, memory int64) error {
	before, ok := w.before[p]
	if !ok {
		return nil
	}
	now, err := p.footprint()
	if err != nil {
		return errors.Join(p.runs(), err)
	}
	if now.files > before.files+moreFiles {
		return fmt.Errorf("%s: has %d descriptors, before %d", p.name, now.files, before.files)
	}
	if now.memory > before.memory+memory {
		return fmt.Errorf("%s: takes %.0f MB, before %.0f", p.name, megabytes(now.memory), megabytes(before.memory))
	}
	return nil
}
