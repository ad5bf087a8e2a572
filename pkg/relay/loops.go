package relay

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// loops remembers what routes have carried, so that messages which come back are known again.
//
// A message is known by its type, sender, time and data, so also under another subject. One that comes a second time came back, with one
// exception: the publisher that it came from first may send it under further subjects, each once, as programs do that send one message to several.
//
// There are two generations of messages. When the younger is as old as the window or holds half of the entries, the older one is forgotten. So a message is
// remembered for at least the window, at most twice that, and shorter only when the entries do not suffice.
type loops struct {
	window time.Duration
	most   int // entries in a generation
	seed   maphash.Seed

	mu      sync.Mutex
	began   time.Time // the younger generation
	younger map[uint64]origin
	older   map[uint64]origin
	early   uint64 // generations that were forgotten before the window was over
}

// origin is where a message came from first.
type origin struct {
	from    uint32 // hash of the endpoint; 0: not known, or the relay itself
	subject uint32 // hash of its subject then
}

func newLoops(window time.Duration, entries int) *loops {
	return &loops{
		window: window, most: max(entries/2, 1), seed: maphash.MakeSeed(),
		younger: make(map[uint64]origin), older: make(map[uint64]origin),
	}
}

// sameBounds tells whether l was made with these.
func (l *loops) sameBounds(window time.Duration, entries int) bool {
	return l.window == window && l.most == max(entries/2, 1)
}

// came takes in a message that was received, and tells whether it came back.
func (l *loops) came(m *message.Message, from transport.Endpoint, now time.Time) (back bool) {
	key := l.key(m)
	o := origin{l.endpoint(from), l.short(m.Subject())}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
	first, known := l.find(key)
	if !known {
		l.younger[key] = o
		return false
	}
	if o.from == 0 || o.from != first.from || o.subject == first.subject {
		return true
	}
	// Another subject, and from where it came at first. The subject has a place of its own.
	key ^= uint64(o.subject)<<32 | uint64(o.subject)
	if _, known := l.find(key); known {
		return true
	}
	l.younger[key] = o
	return false
}

// went takes in a message that was made from one that came. Nobody else can send that for the first time.
func (l *loops) went(m *message.Message, now time.Time) {
	key := l.key(m)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
	if _, known := l.find(key); !known {
		l.younger[key] = origin{}
	}
}

// turn begins a new generation when it is time. The caller holds mu.
func (l *loops) turn(now time.Time) {
	if l.began.IsZero() {
		l.began = now
	}
	age := now.Sub(l.began)
	if age < l.window && len(l.younger) < l.most {
		return
	}
	if age < l.window {
		l.early++
	}
	if age >= 2*l.window {
		clear(l.younger) // all of it is as old as that, but for what came before the last look
	}
	l.older, l.younger = l.younger, l.older
	clear(l.younger)
	l.began = now
}

// find looks for a message in both generations. The caller holds mu.
func (l *loops) find(key uint64) (origin, bool) {
	if o, ok := l.younger[key]; ok {
		return o, true
	}
	o, ok := l.older[key]
	return o, ok
}

// key hashes what a message is known by.
func (l *loops) key(m *message.Message) uint64 {
	var h maphash.Hash
	h.SetSeed(l.seed)
	var at [12]byte
	t := m.Time()
	binary.LittleEndian.PutUint64(at[:], uint64(t.Unix()))
	binary.LittleEndian.PutUint32(at[8:], uint32(t.Nanosecond()))
	// A hash that could not take all in would panic: Write and WriteString never fail.
	_, _ = h.Write(at[:])
	_, _ = h.WriteString(m.Type())
	_, _ = h.WriteString(" ") // can't stand in a type
	_, _ = h.WriteString(m.Sender())
	_, _ = h.WriteString(" ")
	_, _ = h.Write(m.RawData())
	return h.Sum64()
}

func (l *loops) short(s string) uint32 { return uint32(maphash.String(l.seed, s)) }

// endpoint hashes where a message came from: never 0 but where that is not known.
func (l *loops) endpoint(e transport.Endpoint) uint32 {
	if e.IsZero() {
		return 0
	}
	return l.short(e.String()) | 1
}
