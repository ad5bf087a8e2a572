package discovery

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func entry(uri string, services ...string) Entry {
	return Entry{Announcement: Announcement{URI: uri, Services: services}}
}

func answeredBy(ns int, epoch uint64, uris ...string) round {
	r := round{from: ns, epoch: epoch, whole: true}
	for _, uri := range uris {
		r.entries = append(r.entries, entry(uri, "x"))
	}
	return r
}

// Answers to questions that were put before a removal do not confirm or deny it.
func TestTableTellsOldAnswersFromNew(t *testing.T) {
	t.Parallel()
	tb := newTable(2)
	now := time.Unix(0, 0)
	at := func(want []string, got []Change) {
		t.Helper()
		var text []string
		for _, c := range got {
			text = append(text, change(c))
		}
		if d := cmp.Diff(want, text); d != "" {
			t.Errorf("changes (-want +got):\n%s", d)
		}
	}
	at([]string{"+a", "+b"}, tb.answered(answeredBy(0, tb.epoch, "a", "b"), now))
	at(nil, tb.answered(answeredBy(1, tb.epoch, "a"), now))
	before := tb.epoch
	if changes, ask := tb.doubt("a"); len(changes) > 0 || !ask {
		t.Errorf("doubt: %v, %v", changes, ask)
	}
	at(nil, tb.answered(answeredBy(0, before, "b"), now))      // asked before, and without it
	at(nil, tb.answered(answeredBy(1, tb.epoch, "a"), now))    // asked after, and with it
	at(nil, tb.answered(answeredBy(0, tb.epoch, "b"), now))    // one lists it
	_, _ = tb.doubt("a")                                       // the other lets it go
	at(nil, tb.answered(answeredBy(0, before, "a", "b"), now)) // late answer to an old question
	at(nil, tb.answered(answeredBy(0, tb.epoch, "b"), now))
	at([]string{"-a"}, tb.answered(answeredBy(1, tb.epoch), now))
	if changes, ask := tb.doubt("a"); len(changes) > 0 || ask {
		t.Errorf("doubt of what is gone: %v, %v", changes, ask)
	}
}

func TestTableIsBounded(t *testing.T) {
	t.Parallel()
	tb := newTable(1)
	for i := range maxPublishers + 10 {
		tb.told(entry(fmt.Sprint(i), "x"), true)
	}
	r := answeredBy(0, tb.epoch, "one more")
	if got := tb.answered(r, time.Unix(0, 0)); got != nil || len(tb.known) != maxPublishers || !tb.full {
		t.Errorf("%d publishers, %v", len(tb.known), got)
	}
}

// Whatever happens in whatever order: what is told is consistent, a publisher is never removed while a nameserver
// lists it, and in the end what is gone everywhere is removed.
func TestTableAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		m := &world{t: t, r: r, table: newTable(3), seen: make(map[string]bool), now: time.Unix(0, 0)}
		for range 400 {
			m.step()
		}
		for i := range m.lists {
			m.lists[i] = nil
		}
		for range 4 {
			m.now = m.now.Add(hold / 2)
			for i := range m.lists {
				m.answer(i)
			}
		}
		if len(m.seen) > 0 {
			t.Fatalf("seed %d: %v is left", seed, m.seen)
		}
	}
}

// world is three nameservers and what a table makes of them.
type world struct {
	t     *testing.T
	r     *rand.Rand
	table *table
	lists [3]map[string]bool
	seen  map[string]bool
	now   time.Time
}

func (m *world) step() {
	m.now = m.now.Add(time.Duration(m.r.IntN(60)) * time.Second)
	i, uri := m.r.IntN(len(m.lists)), fmt.Sprint("u", m.r.IntN(4))
	switch m.r.IntN(6) {
	case 0: // a publisher registers, and the feed tells
		if m.lists[i] == nil {
			m.lists[i] = make(map[string]bool)
		}
		m.lists[i][uri] = true
		changes, _ := m.table.told(entry(uri, "x"), true)
		m.take(changes)
	case 1: // it is removed, and the feed tells
		delete(m.lists[i], uri)
		changes, _ := m.table.doubt(uri)
		m.take(changes)
	case 2: // the nameserver restarts
		m.lists[i] = nil
	case 3:
		m.take(m.table.answered(round{from: i, epoch: m.table.epoch, err: fmt.Errorf("none")}, m.now))
	default:
		m.answer(i)
	}
}

func (m *world) answer(i int) {
	var list []string
	for uri := range m.lists[i] {
		list = append(list, uri)
	}
	m.take(m.table.answered(answeredBy(i, m.table.epoch, list...), m.now))
}

func (m *world) take(changes []Change) {
	m.t.Helper()
	for _, c := range changes {
		uri := c.Entry.URI
		if c.Added == m.seen[uri] {
			m.t.Fatalf("%s told twice", change(c))
		}
		if c.Added {
			m.seen[uri] = true
			continue
		}
		delete(m.seen, uri)
	}
}
