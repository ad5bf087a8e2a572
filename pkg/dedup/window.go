package dedup

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Verdict is what a [Window] says of a message.
type Verdict int

// The verdicts.
const (
	// First says that the message was not seen within the window. It is remembered from now on.
	First Verdict = iota + 1
	// Duplicate says that it was.
	Duplicate
	// Unknown says that the message has nothing to be known again by.
	Unknown
)

// String returns "first", "duplicate" or "unknown".
func (v Verdict) String() string {
	switch v {
	case First:
		return "first"
	case Duplicate:
		return "duplicate"
	case Unknown:
		return "unknown"
	}
	return "no verdict"
}

// Stats are the counters of a [Window], since it was made.
type Stats struct {
	First, Duplicates, Unknown uint64
	// Forgotten are the messages that were forgotten before their time was over, because MaxEntries were remembered.
	Forgotten uint64
	// Entries are remembered now; some of them may have run out.
	Entries int
}

// Window remembers messages. Make one with [New].
type Window struct {
	keyer  keyer
	window int64 // ns

	mu    sync.Mutex
	start time.Time // what times are counted from: the first one
	last  int64     // the latest time, in ns from start
	table table
	stats Stats
}

// New makes a window that remembers nothing yet. The errors are those of [Config.Validate]. There is nothing to close.
func New(c Config) (*Window, error) {
	paths, err := c.compile()
	if err != nil {
		return nil, err
	}
	c = c.withDefaults()
	return &Window{
		keyer: keyer{
			by: c.By, anySubject: c.AnySubject, paths: paths,
			seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		},
		window: int64(c.Window),
		table:  table{most: c.MaxEntries},
	}, nil
}

// See says whether m was seen within the window before now, and remembers it if not. The error, with [Unknown], is that of
// the data where by needs it and it can't be decoded.
func (w *Window) See(m *message.Message, now time.Time) (Verdict, error) {
	return w.SeeData(m, m.PlainData, now)
}

// SeeData is See where the data may have been decoded already: data returns that of m, as [message.Message.PlainData] does. It is called at most once, and
// with ByMessage and ByContent never.
func (w *Window) SeeData(m *message.Message, data func() (any, error), now time.Time) (Verdict, error) {
	k, ok, err := w.keyer.key(m, data)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !ok || err != nil {
		w.stats.Unknown++
		return Unknown, err
	}
	return w.see(k, w.clock(now)), nil
}

// Stats returns the counters.
func (w *Window) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Entries = w.table.len()
	return s
}

// clock returns now in nanoseconds from the start, never earlier than before.
func (w *Window) clock(now time.Time) int64 {
	if w.start.IsZero() {
		w.start = now
	}
	w.last = max(w.last, int64(now.Sub(w.start)))
	return w.last
}

// tidy is how many entries that have run out a call removes. Two would do for the number to go down, as a call adds but one.
const tidy = 4

func (w *Window) see(k key, now int64) Verdict {
	for range tidy {
		if w.table.len() == 0 || w.fresh(w.table.oldest(), now) {
			break
		}
		w.table.pop()
	}
	if e := w.table.find(k); e != nil && w.fresh(*e, now) {
		w.stats.Duplicates++
		return Duplicate
	}
	if w.table.len() == w.table.most {
		fresh := w.fresh(w.table.oldest(), now)
		if known := w.table.pop(); known && fresh {
			w.stats.Forgotten++
		}
	}
	w.table.push(k, now)
	w.stats.First++
	return First
}

// fresh tells whether the time of e is not over.
func (w *Window) fresh(e entry, now int64) bool { return now-e.at < w.window }
