package zmq

import (
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// itemCost is what a frame counts beside its bytes, so that empty messages are bounded too.
const itemCost = 64

// What is handed over at once: so many frames, so that a long queue is not copied as it grows, and so many bytes or one batch, so that what waits in libzmq's
// memory stays there until it is its turn.
const (
	chunkItems = 1024
	chunkBytes = maxBatchBytes
)

// inbox is the queue between a reader and the program: bounded by bytes, handed over in slices. The reader asks full
// before it reads on, so one batch may come on top of the bound.
type inbox struct {
	max    int64
	resume func() // called when a reader that found the inbox full can go on

	recycle func([]block) // takes the memory of frames that were handed over before the last ones; nil: it is theirs

	mu      sync.Mutex
	chunks  []chunk
	lent    chunk             // handed over last, with recycle
	spare   []transport.Frame // for a chunk, with recycle
	cost    int64             // of all frames
	bytes   int64
	stalled bool // the reader waits to be resumed
}

type chunk struct {
	frames []transport.Frame
	bytes  int64
	blocks []block // that no frames but these, and those before, stand in
	kept   []kept  // the frames that are in libzmq's memory
}

func newInbox(max int64, resume func()) *inbox { return &inbox{max: max, resume: resume} }

// full tells whether the reader has to wait; it is resumed.
func (b *inbox) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stalled = b.cost >= b.max
	return b.stalled
}

// put adds copies of the frames of c.
func (b *inbox) put(c chunk) {
	if len(c.frames) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.chunks); n == 0 || !b.chunks[n-1].hasRoom(c) {
		b.chunks = append(b.chunks, chunk{frames: b.spare})
		b.spare = nil
	}
	b.chunks[len(b.chunks)-1].add(c)
	b.bytes += c.bytes
	b.cost += c.cost()
}

// hasRoom tells whether more may be handed over at once with c.
func (c *chunk) hasRoom(more chunk) bool {
	return len(c.frames)+len(more.frames) <= chunkItems && c.bytes+more.bytes <= chunkBytes
}

// add adds copies of the frames of more.
func (c *chunk) add(more chunk) {
	for _, k := range more.kept {
		c.kept = append(c.kept, kept{at: len(c.frames) + k.at, msg: k.msg})
	}
	c.frames = append(c.frames, more.frames...)
	c.bytes += more.bytes
	c.blocks = append(c.blocks, more.blocks...)
}

func (c *chunk) cost() int64 { return c.bytes + int64(len(c.frames))*itemCost }

// some tells whether there are frames.
func (b *inbox) some() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.chunks) > 0
}

// queued is the number of bytes waiting.
func (b *inbox) queued() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}

// giveBack recycles the chunk before the one that is handed over now. The caller holds mu.
func (b *inbox) giveBack(now chunk) {
	before := b.lent
	b.lent = now
	b.recycle(before.blocks)
	clear(before.frames)
	b.spare = before.frames[:0]
}

// take removes the first chunk, and tells how many bytes its frames have.
func (b *inbox) take() ([]transport.Frame, int64) {
	first, resume := b.first()
	if resume {
		b.resume()
	}
	first.own()
	return first.frames, first.bytes
}

// first removes the first chunk, and tells whether a reader is to be resumed.
func (b *inbox) first() (first chunk, resume bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.chunks) == 0 {
		return chunk{}, false
	}
	first = b.chunks[0]
	b.chunks[0] = chunk{}
	if b.chunks = b.chunks[1:]; len(b.chunks) == 0 {
		b.chunks = nil
	}
	if b.recycle != nil {
		b.giveBack(first)
	}
	b.bytes -= first.bytes
	b.cost -= first.cost()
	resume = b.stalled && b.cost < b.max
	b.stalled = b.stalled && !resume
	return first, resume
}

// discard drops all frames. Nobody puts any more.
func (b *inbox) discard() {
	for b.some() {
		first, _ := b.first()
		first.drop()
	}
}
