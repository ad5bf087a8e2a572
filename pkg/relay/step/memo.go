package step

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

const (
	memoEntries = 256 // a power of two; most sites have fewer subjects and senders
	memoBytes   = 256 // the longest text that is remembered
)

// memo remembers what became of texts: few of them come in very many messages. It may be used concurrently; the zero value remembers nothing yet.
type memo struct {
	entries [memoEntries]atomic.Pointer[memoEntry]
}

type memoEntry struct{ from, to string }

var memoSeed = maphash.MakeSeed()

func (m *memo) entry(from string) *atomic.Pointer[memoEntry] {
	return &m.entries[maphash.String(memoSeed, from)%memoEntries]
}

// of returns what makes has made of a text, or makes it.
func (m *memo) of(from string, makes func(string) string) string {
	if len(from) > memoBytes {
		return makes(from)
	}
	at := m.entry(from)
	if e := at.Load(); e != nil && e.from == from {
		return e.to
	}
	to := makes(from)
	// Copies: a text may be a part of a message that is not kept.
	at.Store(&memoEntry{strings.Clone(from), strings.Clone(to)})
	return to
}
