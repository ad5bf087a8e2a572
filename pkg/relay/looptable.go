package relay

import (
	"math"
	"math/bits"
)

// loopTable keeps entries for a window of time, up to a bound: a ring of them in the order in which they came, and a hash table of slots that lead to
// them, both without pointers and growing with their number. A slot is no more than a part of the key and of the number in the ring. So those that
// a key may be in are one line of the cache, and what is not known, as nearly all is not, needs no look at the ring. A slot is never cleared: what leads to
// an entry that was forgotten is free.
type loopTable struct {
	window int64 // ns
	most   int   // entries
	early  uint64

	touched uint32 // keeps touch from being nothing

	ring        []loopEntry // entry number n at n % len(ring)
	first, next uint64      // numbers: of the oldest entry, and of the one to come
	buckets     []loopBucket
	number      uint32 // the bits of a slot that are of the number; the others are of the key
}

// loopEntry is a message that was carried.
type loopEntry struct {
	key     uint64
	at      int64  // ns
	from    uint32 // hash of the endpoint that it came from; 0: not known, or the relay itself
	subject uint32 // hash of its subject then
}

// loopBucket is 64 bytes: a line of the cache. At most a quarter of the slots is taken on average, and all of one bucket as good as never.
type loopBucket [16]uint32

const firstRing = 1 << 10

// find returns the entry with the key of e; where there is none it enters e and returns nil. What it returns is valid until the next call. Times don't
// go back.
func (t *loopTable) find(e loopEntry) *loopEntry {
	if t.ring == nil {
		t.resize(min(firstRing, t.most))
	}
	for t.first < t.next && e.at-t.entry(t.first).at >= t.window {
		t.first++
	}
	if p := t.look(e.key); p != nil {
		return p
	}
	if t.next-t.first == uint64(len(t.ring)) {
		if len(t.ring) < t.most {
			t.resize(min(2*len(t.ring), t.most))
		} else {
			t.first++
			t.early++
		}
	}
	*t.entry(t.next) = e
	t.enter(e.key, t.next)
	t.next++
	return nil
}

// touch brings what a key may be found in near.
func (t *loopTable) touch(key uint64) {
	if len(t.buckets) > 0 {
		t.touched += t.bucket(key)[0]
	}
}

func (t *loopTable) entry(number uint64) *loopEntry { return &t.ring[number%uint64(len(t.ring))] }

func (t *loopTable) bucket(key uint64) *loopBucket { return &t.buckets[key&uint64(len(t.buckets)-1)] }

// taken is set in every slot that leads to an entry, or did.
const taken = 1 << 31

// tag is the part of a key that stands in a slot.
func (t *loopTable) tag(key uint64) uint32 { return taken | uint32(key>>32)&^t.number }

// age is how far the entry that a slot leads to is behind the oldest one, and whether it is still there.
func (t *loopTable) age(slot uint32) (age uint64, ok bool) {
	age = uint64((slot - uint32(t.first)) & t.number)
	return age, slot != 0 && age < t.next-t.first
}

// look returns the entry with that key, or nil.
func (t *loopTable) look(key uint64) *loopEntry {
	tag := t.tag(key)
	for _, slot := range t.bucket(key) {
		if slot&^t.number != tag {
			continue
		}
		if age, ok := t.age(slot); ok {
			if p := t.entry(t.first + age); p.key == key {
				return p
			}
		}
	}
	return nil
}

// enter lets a slot lead to an entry.
func (t *loopTable) enter(key, number uint64) {
	slot := t.free(t.bucket(key))
	*slot = t.tag(key) | uint32(number)&t.number
}

// free returns a slot that may be taken; where there is none, that of the oldest entry, which is forgotten then.
func (t *loopTable) free(bucket *loopBucket) *uint32 {
	least, place := uint64(math.MaxUint64), 0
	for i, slot := range bucket {
		age, ok := t.age(slot)
		if !ok {
			return &bucket[i]
		}
		if age < least {
			least, place = age, i
		}
	}
	t.early++
	return &bucket[place]
}

// resize makes room for so many entries.
func (t *loopTable) resize(entries int) {
	old := *t
	t.ring = make([]loopEntry, entries)
	t.buckets = make([]loopBucket, 1<<bits.Len(uint(entries-1)/4))
	// Eight times as many numbers as entries: a slot that nobody has taken for so long that its number comes again is merely not free for a while.
	t.number = 1<<(bits.Len(uint(entries))+3) - 1
	for n := old.first; n < old.next; n++ {
		e := *old.entry(n)
		*t.entry(n) = e
		t.enter(e.key, n)
	}
}
