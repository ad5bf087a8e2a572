package main

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

const (
	// meterRows bounds what is told apart; all else goes to one row.
	meterRows = 10_000
	// delaySamples are the messages that a delay is the median of.
	delaySamples = 63
	otherRows    = "(others)"
)

// meter counts messages by what they have in common. It is not for concurrent use, and has no clock but the times it is told.
type meter struct {
	rows  map[string]*meterRow
	since time.Time // of the counts of the interval under way
}

// meterRow are the counts of one key.
type meterRow struct {
	messages, bytes uint64 // in all
	before          struct{ messages, bytes uint64 }
	first, last     time.Time
	gap             time.Duration   // longest time between two messages
	delays          []time.Duration // of the last messages, a ring
}

func newMeter(now time.Time) *meter { return &meter{rows: map[string]*meterRow{}, since: now} }

// add counts a message of a key that came at a time, so long after it was sent.
func (m *meter) add(key string, bytes int, delay time.Duration, at time.Time) {
	r := m.rows[key]
	if r == nil {
		if len(m.rows) >= meterRows {
			key = otherRows
			r = m.rows[key]
		}
		if r == nil {
			r = &meterRow{first: at, last: at}
			m.rows[strings.Clone(key)] = r
		}
	}
	r.gap = max(r.gap, at.Sub(r.last))
	r.last = at
	if len(r.delays) < delaySamples {
		r.delays = append(r.delays, delay)
	} else {
		r.delays[r.messages%delaySamples] = delay
	}
	r.messages++
	r.bytes += uint64(bytes)
}

// measured is what is known of a key at a time.
type measured struct {
	Key         string        // what its messages have in common
	Messages    uint64        // in all
	Bytes       uint64        // in all
	Rate        float64       // messages a second in the last interval
	Throughput  float64       // bytes a second in it
	Delay       time.Duration // median of the last messages, from the time in the header to when they came
	Silence     time.Duration // since the last one
	Gap         time.Duration // longest time without one since the first, that which lasts included
	LastMessage time.Time
}

// measure ends an interval: it returns what is known of all keys, in no order.
func (m *meter) measure(now time.Time) []measured {
	seconds := max(now.Sub(m.since).Seconds(), 1e-9)
	m.since = now
	all := make([]measured, 0, len(m.rows))
	for key, r := range m.rows {
		silence := max(now.Sub(r.last), 0)
		all = append(all, measured{
			Key: key, Messages: r.messages, Bytes: r.bytes,
			Rate:       float64(r.messages-r.before.messages) / seconds,
			Throughput: float64(r.bytes-r.before.bytes) / seconds,
			Delay:      r.delay(), Silence: silence, Gap: max(r.gap, silence), LastMessage: r.last,
		})
		r.before.messages, r.before.bytes = r.messages, r.bytes
	}
	return all
}

func (r *meterRow) delay() time.Duration {
	sorted := slices.Sorted(slices.Values(r.delays))
	return sorted[len(sorted)/2]
}

// order is what rows can be sorted by: the most first, but for names.
type order struct {
	name    string
	compare func(a, b measured) int
}

var orders = []order{
	{"rate", func(a, b measured) int {
		return cmp.Or(cmp.Compare(b.Rate, a.Rate), cmp.Compare(b.Messages, a.Messages))
	}},
	{"messages", func(a, b measured) int { return cmp.Compare(b.Messages, a.Messages) }},
	{"bytes", func(a, b measured) int {
		return cmp.Or(cmp.Compare(b.Throughput, a.Throughput), cmp.Compare(b.Bytes, a.Bytes))
	}},
	{"delay", func(a, b measured) int { return cmp.Compare(b.Delay, a.Delay) }},
	{"last", func(a, b measured) int { return cmp.Compare(b.Silence, a.Silence) }},
	{"gap", func(a, b measured) int { return cmp.Compare(b.Gap, a.Gap) }},
	{"name", func(measured, measured) int { return 0 }},
}

// sortRows sorts by an order of those above; what is the same there is sorted by name.
func sortRows(rows []measured, order int) {
	slices.SortFunc(rows, func(a, b measured) int {
		return cmp.Or(orders[order].compare(a, b), cmp.Compare(a.Key, b.Key))
	})
}
