package nameserver

import (
	"context"
	"errors"
	"sync"
	"time"
)

// pulse beats when all hearts have beaten since the last time, so that one loop that hangs stops it.
type pulse struct {
	interval time.Duration // 0: nobody listens
	out      func()

	mu     sync.Mutex
	hearts []*heart
}

// heart is the part of a pulse that one loop keeps up.
type heart struct {
	pulse *pulse

	// Used by its loop alone.
	waiting context.Context
	cancel  context.CancelFunc

	beaten bool // guarded by pulse.mu
}

func newPulse(hooks Hooks) *pulse {
	p := &pulse{interval: hooks.BeatInterval, out: hooks.Beat}
	if p.out == nil {
		p.interval = 0
	}
	return p
}

// join adds a heart. The keeper is the first to join and the last to begin, so nothing beats before all have joined.
func (p *pulse) join() *heart {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := &heart{pulse: p}
	p.hearts = append(p.hearts, h)
	return h
}

func (h *heart) beat() {
	p := h.pulse
	if p.interval == 0 {
		return
	}
	p.mu.Lock()
	h.beaten = true
	all := true
	for _, other := range p.hearts {
		all = all && other.beaten
	}
	if all {
		for _, other := range p.hearts {
			other.beaten = false
		}
	}
	p.mu.Unlock()
	if all {
		p.out()
	}
}

// receive calls wait until it returns something, and beats meanwhile.
func receive[T any](ctx context.Context, h *heart, wait func(context.Context) (T, error)) (T, error) {
	for {
		v, err := wait(h.context(ctx))
		h.beat()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return v, err
		}
	}
}

// context returns a context that ends when the next beat is due; one serves for many messages.
func (h *heart) context(ctx context.Context) context.Context {
	if h.pulse.interval == 0 {
		return ctx
	}
	if h.waiting == nil || h.waiting.Err() != nil {
		h.stop()
		h.waiting, h.cancel = context.WithTimeout(ctx, h.pulse.interval)
	}
	return h.waiting
}

func (h *heart) stop() {
	if h.cancel != nil {
		h.cancel()
	}
}
