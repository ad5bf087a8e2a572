package relay

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// loops remembers what routes have carried, so that messages which come back are known again.
//
// A message is known by its type, sender, time and data, so also under another subject. One that comes a second time came back, with one
// exception: the publisher that it came from first may send it under further subjects, each once, as programs do that send one message to several.
type loops struct {
	window  time.Duration
	entries int
	log     *zap.Logger

	mu      sync.Mutex
	start   time.Time // what times are counted from
	table   loopTable
	pending loopEntry // what has just gone out, to be entered before anything else is looked for; zero: nothing
}

// loopSeed is that of all hashes here. One for all, so that a message is hashed once, however many routes take it.
var loopSeed = maphash.MakeSeed()

func newLoops(window time.Duration, entries int, log *zap.Logger) *loops {
	return &loops{
		window: window, entries: entries, log: log,
		table: loopTable{window: int64(window), most: entries},
	}
}

// sameBounds tells whether l was made with these.
func (l *loops) sameBounds(window time.Duration, entries int) bool {
	return l.window == window && l.entries == entries
}

// expect readies l for what was received. What it looks at first of each message is nearly always far from the processor, and to ask for all of that at
// once takes a fraction of the time of asking one by one.
func (l *loops) expect(batch []Received) {
	for i := range batch {
		if batch[i].Message != nil {
			batch[i].loopKey()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range batch {
		l.table.expect(batch[i].key)
	}
}

// came takes in a message that was received, and tells whether it came back.
func (l *loops) came(got *Received, now time.Time) (back bool) {
	one := loopEntry{key: got.loopKey(), from: endpointHash(got.From), subject: shortHash(got.Message.Subject())}
	defer l.unlock(l.lock())
	one.at = l.clock(now)
	first := l.table.find(one)
	switch {
	case first == nil:
		return false
	case one.from == 0 || one.from != first.from || one.subject == first.subject:
		return true
	}
	// Another subject, and from where it came at first. The subject has an entry of its own.
	one.key ^= uint64(one.subject)<<32 | uint64(one.subject)
	return l.table.find(one) != nil
}

// cameFrame is came for a frame that is no message. It is known by all its bytes, and passes once wherever it comes from.
func (l *loops) cameFrame(frame []byte, now time.Time) (back bool) {
	key := maphash.Bytes(loopSeed, frame)
	defer l.unlock(l.lock())
	return l.table.find(loopEntry{key: key, at: l.clock(now)}) != nil
}

// went takes in a message that was made from one that came, with that head and data of that hash. Nobody else can send that for the first time.
func (l *loops) went(head loopHead, data uint64, now time.Time) {
	key := head.key(data)
	defer l.unlock(l.lock())
	// As with expect: it is asked for now, and has come near when the next message has been looked at so far.
	l.table.expect(key)
	l.pending = loopEntry{key: key, at: l.clock(now)}
}

// settle enters what is pending. The caller holds mu.
func (l *loops) settle() {
	if l.pending.at != 0 {
		l.table.find(l.pending)
		l.pending = loopEntry{}
	}
}

// early is the number of messages that were forgotten before the window was over.
func (l *loops) early() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle()
	return l.table.early
}

// lock takes mu to enter something, and returns what unlock is to be told.
func (l *loops) lock() (early uint64) {
	l.mu.Lock()
	early = l.table.early
	l.settle()
	return early
}

// unlock gives mu back, and tells when messages were forgotten before the window was over: of the first, the tenth, the hundredth, and so on.
func (l *loops) unlock(before uint64) {
	early := l.table.early
	l.mu.Unlock()
	if early != before && isPowerOfTen(early) {
		l.log.Warn("message forgotten early: loop_entries is too small for loop_window, and a message that takes long for a round may be carried again",
			zap.Int("entries", l.entries), zap.Duration("window", l.window), zap.Uint64("count", early))
	}
}

// clock returns now in nanoseconds from the start, never 0. The caller holds mu.
func (l *loops) clock(now time.Time) int64 {
	if l.start.IsZero() {
		l.start = now
	}
	return max(int64(now.Sub(l.start)), 0) + 1
}

// loopKey returns what loops know the message by, which is hashed when it is asked for first.
func (got *Received) loopKey() uint64 {
	if got.key == 0 {
		got.data = dataHash(got.Message)
		got.key = headOf(got.Message).key(got.data)
	}
	return got.key
}

func dataHash(m *message.Message) uint64 { return maphash.Bytes(loopSeed, m.RawData()) }

// loopHead is what loops know a message by, but for its data.
type loopHead struct {
	typ, sender string
	time        time.Time
}

func headOf(m *message.Message) loopHead { return loopHead{m.Type(), m.Sender(), m.Time().Time} }

// with returns the head of the message when it has got words.
func (h loopHead) with(words message.Words) loopHead {
	h.typ, h.sender = cmp.Or(words.Type, h.typ), cmp.Or(words.Sender, h.sender)
	return h
}

// same tells whether two messages with the same data have the same key.
func (h loopHead) same(other loopHead) bool {
	return h.typ == other.typ && h.sender == other.sender && h.time.Equal(other.time)
}

// key hashes what a message is known by. The data, which is most of it, and which rules on the header leave as it is, is hashed by itself.
func (h loopHead) key(data uint64) uint64 {
	var sum maphash.Hash
	sum.SetSeed(loopSeed)
	var at [20]byte
	binary.LittleEndian.PutUint64(at[:], uint64(h.time.Unix()))
	binary.LittleEndian.PutUint32(at[8:], uint32(h.time.Nanosecond()))
	binary.LittleEndian.PutUint64(at[12:], data)
	// Writing to a hash never fails.
	_, _ = sum.Write(at[:])
	_, _ = sum.WriteString(h.typ)
	_, _ = sum.WriteString(" ") // can't stand in a type
	_, _ = sum.WriteString(h.sender)
	return sum.Sum64()
}

func shortHash(s string) uint32 { return uint32(maphash.String(loopSeed, s)) }

// endpointHash hashes where a message came from: never 0 but where that is not known.
func endpointHash(e transport.Endpoint) uint32 {
	if e.IsZero() {
		return 0
	}
	return shortHash(e.String()) | 1
}
