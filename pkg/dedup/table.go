package dedup

import (
	"math/bits"

	"github.com/pytroll/posttroll-go/internal/queue"
)

// table remembers keys with their times, the oldest first; shards find them. It grows in small steps: a push never moves more than the slots of one shard,
// which is a fraction of a millisecond of work, while a table of millions of entries would keep a message waiting for seconds.
type table struct {
	most    int // entries
	entries queue.Queue[entry]
	shards  []shard // a power of two
}

// entry is a message that is remembered. One whose key has come again after its time is stale: the slot of the key leads to the newer.
type entry struct {
	key key
	at  int64
}

// shard finds the entries of a part of the keys by open addressing.
type shard struct {
	slots []uint32 // number of the entry, as slotOf has it; 0: none. A power of two, at least twice what is used, or none.
	used  int
}

const (
	// shardSize is the number of entries that a shard is for, on average, where there are as many as may be.
	shardSize = 1024
	// firstSlots is the number that a shard begins with.
	firstSlots = 8
	// numbers is how many a slot tells apart, many times those of the entries that may be there.
	numbers = 1 << 31
)

func slotOf(number uint64) uint32 { return uint32(number%numbers) + 1 }

// number returns that of the entry that a slot leads to.
func (t *table) number(slot uint32) uint64 {
	first := t.entries.First()
	return first + (uint64(slot-1)-first)%numbers
}

func (t *table) entry(slot uint32) *entry { return t.entries.At(t.number(slot)) }

// shard returns that of k. The table must not be empty.
func (t *table) shard(k key) *shard { return &t.shards[k[1]&uint64(len(t.shards)-1)] }

// home is where the search for k begins.
func (s *shard) home(k key) uint32 { return uint32(k[0]) & uint32(len(s.slots)-1) }

// find returns the entry that k leads to, or nil.
func (t *table) find(k key) *entry {
	if len(t.shards) == 0 {
		return nil
	}
	s := t.shard(k)
	if len(s.slots) == 0 {
		return nil
	}
	if slot := s.slots[t.place(s, k)]; slot != 0 {
		return t.entry(slot)
	}
	return nil
}

// place returns where the slot of k is, or the empty one where it would be. There is one: at most half are taken, and there are some.
func (t *table) place(s *shard, k key) uint32 {
	mask := uint32(len(s.slots) - 1)
	for i := s.home(k); ; i = (i + 1) & mask {
		if slot := s.slots[i]; slot == 0 || t.entry(slot).key == k {
			return i
		}
	}
}

// oldest returns the oldest entry; there must be one.
func (t *table) oldest() entry { return *t.entries.At(t.entries.First()) }

func (t *table) len() int { return t.entries.Len() }

// push remembers k from at on. There must be room.
func (t *table) push(k key, at int64) {
	if t.shards == nil {
		t.shards = make([]shard, 1<<bits.Len(uint((t.most-1)/shardSize)))
	}
	s := t.shard(k)
	if 2*(s.used+1) > len(s.slots) {
		t.grow(s)
	}
	place := t.place(s, k)
	if s.slots[place] == 0 {
		s.used++
	}
	s.slots[place] = slotOf(t.entries.Push(entry{k, at})) // that of a stale entry leads here from now on
}

// pop forgets the oldest entry, and tells whether its key was known by it: it was not stale.
func (t *table) pop() (known bool) {
	k := t.oldest().key
	s := t.shard(k)
	place := t.place(s, k)
	known = s.slots[place] == slotOf(t.entries.First())
	if known {
		t.empty(s, place)
	}
	t.entries.Pop()
	return known
}

// empty empties a slot, and moves those behind it that would not be found any more.
func (t *table) empty(s *shard, place uint32) {
	mask := uint32(len(s.slots) - 1)
	for next := (place + 1) & mask; s.slots[next] != 0; next = (next + 1) & mask {
		home := s.home(t.entry(s.slots[next]).key)
		if (next-home)&mask >= (next-place)&mask { // its home is not between the two
			s.slots[place] = s.slots[next]
			place = next
		}
	}
	s.slots[place] = 0
	s.used--
}

// grow gives a shard twice as many slots.
func (t *table) grow(s *shard) {
	old := s.slots
	s.slots = make([]uint32, max(2*len(old), firstSlots))
	for _, slot := range old {
		if slot != 0 {
			s.slots[t.place(s, t.entry(slot).key)] = slot
		}
	}
}
