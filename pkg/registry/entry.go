package registry

import (
	"strings"
	"time"
)

// entry is one publisher in the table. It is in one of the queues.
type entry struct {
	uri      string
	name     string
	services Services
	source   Source
	mark     Mark // of the last announcement
	secure   bool

	encoded, naive stamped // naive is empty when it is no different

	memory int // see Publisher.memory

	seq       uint64    // place in the order of first announcements
	since     time.Time // last announcement, or the withdrawal
	withdrawn bool      // out of what lookups find
	dead      bool      // withdrawn, since nobody is there any more
	reach     Reach
	way       Way // of the last announcement

	unconfirmed bool // restored, and not announced since

	gap time.Duration // between announcements; see State

	in         []*bucket // by service
	prev, next *entry    // in the queue
}

// newEntry makes an entry that is nowhere yet, and to be touched.
func newEntry(p Publisher, seq uint64) *entry {
	e := &entry{uri: strings.Clone(p.URI), seq: seq, way: p.Way, mark: p.Mark}
	e.source = Source{Addr: p.Source.Addr, Client: strings.Clone(p.Source.Client)}
	e.set(p)
	return e
}

// set takes over what an announcement can change. All is copied: texts of a decoded message would keep the whole of its frame in memory.
func (e *entry) set(p Publisher) {
	e.name, e.services, e.secure = strings.Clone(p.Name), p.Services.clone(), p.Secure
	e.memory = p.memory()
	e.encoded = newStamped(p.Data)
	e.naive = stamped{}
	if p.NaiveData != nil {
		e.naive = newStamped(p.NaiveData)
	}
}

// touch notes an announcement at now.
func (e *entry) touch(now time.Time) {
	e.since = now
	e.stamp(now)
}

// stamp writes the time of receipt.
func (e *entry) stamp(t time.Time) {
	e.encoded.stamp(t, e.unconfirmed)
	if e.naive.bytes != nil {
		e.naive.stamp(t, e.unconfirmed)
	}
}

func (e *entry) removal() Removal {
	return Removal{
		URI: e.uri, Name: e.name, Services: e.services, Secure: e.secure, Source: e.source,
		Since: e.since, Withdrawn: e.withdrawn && !e.dead, Dead: e.dead,
	}
}

// stamped is an encoded entry with its time of receipt.
type stamped struct {
	bytes []byte
	cut   int // where the time of receipt begins
}

func newStamped(data []byte) stamped {
	b := make([]byte, len(data), len(data)+maxStamp)
	return stamped{bytes: append(b[:0], data...), cut: len(data)}
}

func (s *stamped) data() []byte { return s.bytes[:s.cut] }

func (s *stamped) stamp(now time.Time, unconfirmed bool) {
	s.bytes = appendStamp(s.bytes[:s.cut], now, unconfirmed)
}

const (
	stampKey    = `, "receive_time": "`
	stampLayout = "2006-01-02T15:04:05.000000+00:00"
)

// stamped is when the entry was announced last, as lookups tell it: that is before the start while it is unconfirmed.
func (e *entry) stamped() time.Time {
	if !e.unconfirmed {
		return e.since
	}
	text, _, _ := strings.Cut(string(e.encoded.bytes[e.encoded.cut+len(stampKey):]), `"`)
	t, err := time.Parse(stampLayout[:19]+"Z07:00", text) // takes a fraction, too
	if err != nil {
		return e.since // of a year that has no four digits
	}
	return t
}

// maxStamp is the length of what appendStamp appends, with a fraction of a second.
const maxStamp = len(`, "receive_time": "2006-01-02T15:04:05.000000+00:00"}`)

// appendStamp appends the time of receipt, the word that an entry is unconfirmed (doc/protocol.md, section 8), and the closing brace. The
// time reads as Python's isoformat writes it: microseconds, and none when they are 0.
func appendStamp(dst []byte, t time.Time, unconfirmed bool) []byte {
	t = t.UTC().Truncate(time.Microsecond)
	layout := stampLayout
	if t.Nanosecond() == 0 {
		layout = "2006-01-02T15:04:05+00:00"
	}
	dst = append(dst, stampKey...)
	dst = t.AppendFormat(dst, layout)
	if unconfirmed {
		return append(dst, `", "unconfirmed": true}`...)
	}
	return append(dst, `"}`...)
}

// queue is a list of entries, ordered by when they were pushed.
type queue struct {
	first, last *entry
	unseen      *entry // the first one that Silent has not returned; nil: it has returned all
	len, secure int

	floor time.Time // no entry counts as older
	held  bool      // nothing in it is due
}

// due is when e, which is the first one or nil, is at the given age; false when there is none, or it is held.
func (q *queue) due(e *entry, age time.Duration) (time.Time, bool) {
	if e == nil || q.held {
		return time.Time{}, false
	}
	return later(e.since, q.floor).Add(age), true
}

// note counts e, which is in q or comes into it (sign +1), or goes from it (-1).
func (q *queue) note(e *entry, sign int) {
	q.len += sign
	if e.secure {
		q.secure += sign
	}
}

func (q *queue) push(e *entry) {
	e.prev, e.next = q.last, nil
	if q.last == nil {
		q.first = e
	} else {
		q.last.next = e
	}
	q.last = e
	if q.unseen == nil {
		q.unseen = e
	}
	q.note(e, +1)
}

func (q *queue) remove(e *entry) {
	if q.unseen == e {
		q.unseen = e.next
	}
	if e.prev == nil {
		q.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		q.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next = nil, nil
	q.note(e, -1)
}
