package relay

import (
	"math"
	"math/bits"

	"github.com/pytroll/posttroll-go/internal/queue"
)

// loopTable keeps entries for a window of time, up to a bound: in the order in which they came, and in a hash table of slots that lead to
// them, both without pointers and growing with their number in small steps. A slot is no more than a part of the key and of the number in that order. So those that
// a key may be in are one line of the cache, and what is not known, as nearly all is not, needs no look at the entries. A slot is never cleared: what leads to
// an entry that was forgotten is free.
type loopTable struct {
	window int64 // ns
	most   int   // entries
	early  uint64

	entries queue.Queue[loopEntry]
	shards  []loopShard // a power of two
	number  uint32      // the bits of a slot that are of the number; the others are of the key
}

// loopShard are the slots for a part of the keys. It grows by itself, so that no message waits for more than that.
type loopShard []loopBucket // a power of two, or none

// loopEntry is a message that was carried.
type loopEntry struct {
	key     uint64
	at      int64  // ns
	from    uint32 // hash of the endpoint that it came from; 0: not known, or the relay itself
	subject uint32 // hash of its subject then
}

// loopBucket is 64 bytes: a line of the cache. At most a quarter of the slots is taken on average, and all of one bucket as good as never.
type loopBucket [16]uint32

const (
	// bucketLoad is the number of entries for each bucket, at most.
	bucketLoad = 4
	// shardBuckets is the number of buckets that a shard has at most.
	shardBuckets = 256
)

// find returns the entry with the key of e; where there is none it enters e and returns nil. What it returns is valid until the next call. Times don't
// go back.
func (t *loopTable) find(e loopEntry) *loopEntry {
	for t.entries.Len() > 0 && e.at-t.oldest().at >= t.window {
		t.entries.Pop()
	}
	if p := t.look(e.key); p != nil {
		return p
	}
	if t.entries.Len() == t.most {
		t.entries.Pop()
		t.early++
	}
	t.enter(e.key, t.entries.Push(e))
	return nil
}

// expect asks for the memory that a key is going to be looked for in.
func (t *loopTable) expect(key uint64) {
	if bucket := t.bucket(key); bucket != nil {
		prefetch(bucket)
	}
}

func (t *loopTable) oldest() *loopEntry { return t.entries.At(t.entries.First()) }

// shard returns that of a key; nil: nothing was entered yet.
func (t *loopTable) shard(key uint64) *loopShard {
	if len(t.shards) == 0 {
		return nil
	}
	return &t.shards[key/shardBuckets&uint64(len(t.shards)-1)]
}

// bucket returns that of a key; nil: nothing was entered there yet.
func (t *loopTable) bucket(key uint64) *loopBucket {
	s := t.shard(key)
	if s == nil || len(*s) == 0 {
		return nil
	}
	return s.bucket(key)
}

func (s loopShard) bucket(key uint64) *loopBucket { return &s[key&uint64(len(s)-1)] }

// taken is set in every slot that leads to an entry, or did.
const taken = 1 << 31

// tag is the part of a key that stands in a slot.
func (t *loopTable) tag(key uint64) uint32 { return taken | uint32(key>>32)&^t.number }

// age is how far the entry that a slot leads to is behind the oldest one, and whether it is still there.
func (t *loopTable) age(slot uint32) (age uint64, ok bool) {
	age = uint64((slot - uint32(t.entries.First())) & t.number)
	return age, slot != 0 && age < uint64(t.entries.Len())
}

// look returns the entry with that key, or nil.
func (t *loopTable) look(key uint64) *loopEntry {
	bucket := t.bucket(key)
	if bucket == nil {
		return nil
	}
	tag := t.tag(key)
	for _, slot := range bucket {
		if slot&^t.number != tag {
			continue
		}
		if age, ok := t.age(slot); ok {
			if p := t.entries.At(t.entries.First() + age); p.key == key {
				return p
			}
		}
	}
	return nil
}

// enter lets a slot lead to an entry.
func (t *loopTable) enter(key, number uint64) {
	if t.shards == nil {
		t.shards = make([]loopShard, max(t.buckets(t.most)/shardBuckets, 1))
		// Eight times as many numbers as entries: a slot that nobody has taken for so long that its number comes again is merely not free for a while.
		t.number = 1<<(bits.Len(uint(t.most))+3) - 1
	}
	s := t.shard(key)
	if want := max(t.buckets(t.entries.Len())/len(t.shards), 1); len(*s) < want {
		t.grow(s, want)
	}
	t.set(s.bucket(key), key, number)
}

// buckets is the number of buckets for so many entries: a power of two.
func (t *loopTable) buckets(entries int) int { return 1 << bits.Len(uint(entries-1)/bucketLoad) }

// set lets a slot of a bucket lead to an entry.
func (t *loopTable) set(bucket *loopBucket, key, number uint64) {
	*t.free(bucket) = t.tag(key) | uint32(number)&t.number
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

// grow gives a shard so many buckets.
func (t *loopTable) grow(s *loopShard, buckets int) {
	old := *s
	*s = make(loopShard, buckets)
	for i := range old {
		for _, slot := range old[i] {
			if age, ok := t.age(slot); ok {
				number := t.entries.First() + age
				key := t.entries.At(number).key
				t.set(s.bucket(key), key, number)
			}
		}
	}
}
