package zmq

import "sync"

// itemCost is what an item counts beside its bytes, so that empty messages are bounded too.
const itemCost = 64

// chunkItems is how many items are handed over at once at most, so that a long queue is not copied as it grows.
const chunkItems = 1024

// inbox is the queue between a reader and the program: bounded by bytes, handed over in slices. The reader asks full
// before it reads on, so one batch may come on top of the bound.
type inbox[T any] struct {
	max    int64
	resume func()          // called when a reader that found the inbox full can go on
	done   <-chan struct{} // closed with the socket
	ready  chan struct{}   // holds a value when there are items

	recycle func([]block) // takes the memory of items that were handed over before the last ones; nil: it is theirs

	mu      sync.Mutex
	chunks  []chunk[T]
	lent    chunk[T] // handed over last, with recycle
	spare   []T      // for a chunk, with recycle
	cost    int64    // of all items
	bytes   int64
	stalled bool // the reader waits to be resumed
}

type chunk[T any] struct {
	items  []T
	bytes  int64
	blocks []block // that no items but these, and those before, stand in
}

func newInbox[T any](max int64, resume func(), done <-chan struct{}) *inbox[T] {
	return &inbox[T]{max: max, resume: resume, done: done, ready: make(chan struct{}, 1)}
}

// full tells whether the reader has to wait; it is resumed.
func (b *inbox[T]) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled = b.cost >= b.max
	return b.stalled
}

// put adds copies of items, of so many bytes in all. Full are the blocks that have no room for more items.
func (b *inbox[T]) put(items []T, bytes int64, full []block) {
	if len(items) == 0 {
		return
	}
	b.mu.Lock()
	if n := len(b.chunks); n == 0 || len(b.chunks[n-1].items)+len(items) > chunkItems {
		b.chunks = append(b.chunks, chunk[T]{items: b.spare})
		b.spare = nil
	}
	last := &b.chunks[len(b.chunks)-1]
	last.items = append(last.items, items...)
	last.bytes += bytes
	last.blocks = append(last.blocks, full...)
	b.bytes += bytes
	b.cost += bytes + int64(len(items))*itemCost
	b.mu.Unlock()
	b.signal()
}

func (b *inbox[T]) signal() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// some tells whether there are items.
func (b *inbox[T]) some() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.chunks) > 0
}

// queued is the number of bytes waiting.
func (b *inbox[T]) queued() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}

// giveBack recycles the chunk before the one that is handed over now. The caller holds mu.
func (b *inbox[T]) giveBack(now chunk[T]) {
	before := b.lent
	b.lent = now
	b.recycle(before.blocks)
	clear(before.items)
	b.spare = before.items[:0]
}

// take removes the first chunk, and tells how many bytes its items have.
func (b *inbox[T]) take() ([]T, int64) {
	b.mu.Lock()
	if len(b.chunks) == 0 {
		b.mu.Unlock()
		return nil, 0
	}
	first := b.chunks[0]
	b.chunks[0] = chunk[T]{}
	if b.chunks = b.chunks[1:]; len(b.chunks) == 0 {
		b.chunks = nil
	}
	if b.recycle != nil {
		b.giveBack(first)
	}
	b.bytes -= first.bytes
	b.cost -= first.bytes + int64(len(first.items))*itemCost
	rest, resume := len(b.chunks) > 0, b.stalled && b.cost < b.max
	b.stalled = b.stalled && !resume
	b.mu.Unlock()
	if rest {
		b.signal() // for whoever else may receive
	}
	if resume {
		b.resume()
	}
	return first.items, first.bytes
}
