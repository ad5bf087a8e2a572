package nameserver

import (
	"context"
	"sync"
)

// backlog is what was received from the group and has yet to be looked at: reading is several times faster than understanding, and what is not read in
// time the kernel throws away. It is bounded in bytes; who adds to a full one waits, and the kernel's buffer fills then.
type backlog struct {
	mu      sync.Mutex
	waiting []datagram
	bytes   int

	filled  chan struct{} // 1 deep: that something waits
	emptied chan struct{} // 1 deep: that there is room
}

const (
	// backlogBytes is more than 20,000 usual announcements.
	backlogBytes = 8 << 20
	// datagramOverhead is what one takes besides its text.
	datagramOverhead = 64
)

func newBacklog() *backlog {
	return &backlog{filled: make(chan struct{}, 1), emptied: make(chan struct{}, 1)}
}

// add waits for room. The error is that of ctx.
func (b *backlog) add(ctx context.Context, d datagram) error {
	for !b.push(d) {
		select {
		case <-b.emptied:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	signal(b.filled)
	return nil
}

func (b *backlog) push(d datagram) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := len(d.body) + datagramOverhead
	if b.bytes+size > backlogBytes && b.bytes > 0 {
		return false
	}
	b.waiting = append(b.waiting, d)
	b.bytes += size
	return true
}

// take waits for something, and takes all that there is.
func (b *backlog) take(ctx context.Context) ([]datagram, error) {
	for {
		select {
		case <-b.filled:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		b.mu.Lock()
		all := b.waiting
		b.waiting, b.bytes = nil, 0
		b.mu.Unlock()
		signal(b.emptied)
		if len(all) > 0 {
			return all, nil
		}
	}
}

// signal says that there is something to look at, to whoever waits or will.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been said
	}
}
