package pubsub

import (
	"context"
	"sync"
)

// waker ends a wait from another goroutine. A call of wake while nobody waits ends the next wait.
type waker struct {
	mu      sync.Mutex
	pending bool
	cancel  context.CancelFunc // of the wait under way; nil: none
}

// wake ends the wait under way, or the next one.
func (w *waker) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = true
	if w.cancel != nil {
		w.cancel()
	}
}

// enter begins a wait that cancel ends. It returns false when there is nothing to wait for.
func (w *waker) enter(cancel context.CancelFunc) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending {
		w.pending = false
		return false
	}
	w.cancel = cancel
	return true
}

// leave ends a wait.
func (w *waker) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel = nil
	w.pending = false // whoever waited looks now
}
