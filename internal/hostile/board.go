package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// board is where receivers note what has come to them, and where the check waits for it. All methods may be called concurrently.
type board struct {
	mu       sync.Mutex // guards what is below
	seen     map[string]bool
	wrong    []error
	complain int
	changed  chan struct{}
}

// maxWrong are the complaints that are kept.
const maxWrong = 5

func newBoard() *board { return &board{seen: make(map[string]bool), changed: make(chan struct{})} }

// note notes that something has come.
func (b *board) note(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[what] = true
	close(b.changed)
	b.changed = make(chan struct{})
}

// refuse notes that something came that should never come.
func (b *board) refuse(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.complain++; len(b.wrong) < maxWrong {
		b.wrong = append(b.wrong, err)
	}
}

// forget forgets all that has come.
func (b *board) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.seen)
	b.wrong, b.complain = nil, 0
}

// complaints returns what came that should never come.
func (b *board) complaints() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.complain > len(b.wrong) {
		return errors.Join(append(b.wrong, fmt.Errorf("and %d more", b.complain-len(b.wrong)))...)
	}
	return errors.Join(b.wrong...)
}

// wait waits until all of these have come.
func (b *board) wait(ctx context.Context, all ...string) error {
	for {
		missing, changed := b.missing(all)
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("did not come: %q", missing)
		}
	}
}

func (b *board) missing(all []string) (missing []string, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, what := range all {
		if !b.seen[what] {
			missing = append(missing, what)
		}
	}
	return missing, b.changed
}
