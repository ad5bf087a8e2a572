package zmq

import (
	"context"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// itemCost is what an item counts beside its bytes, so that empty messages are bounded too.
const itemCost = 64

// inbox is the queue between a reader and the program: bounded by bytes, emptied in one go. The reader asks full before
// it reads on, so one batch may come on top of the bound.
type inbox[T any] struct {
	max    int64
	resume func()          // called when a reader that found the inbox full can go on
	done   <-chan struct{} // closed with the socket
	ready  chan struct{}   // holds a value when there are items

	mu      sync.Mutex
	items   []T
	bytes   int64
	stalled bool
}

func newInbox[T any](max int64, resume func(), done <-chan struct{}) *inbox[T] {
	return &inbox[T]{max: max, resume: resume, done: done, ready: make(chan struct{}, 1)}
}

// full tells whether the reader has to wait; it is resumed.
func (b *inbox[T]) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled = b.bytes+int64(len(b.items))*itemCost >= b.max
	return b.stalled
}

// put adds items of so many bytes in all.
func (b *inbox[T]) put(items []T, bytes int64) {
	if len(items) == 0 {
		return
	}
	b.mu.Lock()
	b.items = append(b.items, items...)
	b.bytes += bytes
	b.mu.Unlock()
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// queued is the number of bytes waiting.
func (b *inbox[T]) queued() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}

// receive waits for items and returns all that are there.
func (b *inbox[T]) receive(ctx context.Context) ([]T, error) {
	for {
		// Closed or cancelled comes first: select would choose at random.
		select {
		case <-b.done:
			return nil, transport.ErrClosed
		default:
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if items := b.take(); len(items) > 0 {
			return items, nil
		}
		select {
		case <-b.ready:
		case <-b.done:
		case <-ctx.Done():
		}
	}
}

func (b *inbox[T]) take() []T {
	b.mu.Lock()
	items, stalled := b.items, b.stalled
	b.items, b.bytes, b.stalled = nil, 0, false
	b.mu.Unlock()
	if stalled {
		b.resume()
	}
	return items
}
