package dedup

// table remembers keys with their times, the oldest first, in a ring; slots find them by open addressing.
type table struct {
	most  int // entries
	ring  []entry
	head  int // of the oldest
	count int
	slots []uint32 // place in ring and one; 0: none. A power of two, at least twice the ring.
}

// entry is a message that is remembered. One whose key has come again after its time is stale: the slot of the key leads to the newer.
type entry struct {
	key key
	at  int64
}

// firstRing is the length that a ring begins with.
const firstRing = 64

// home is where the search for k begins.
func (t *table) home(k key) uint32 { return uint32(k[0]) & uint32(len(t.slots)-1) }

// find returns the slot of k, or the empty one where it would be. There is one: at most half are taken.
func (t *table) find(k key) (slot uint32, ok bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	mask := uint32(len(t.slots) - 1)
	for i := t.home(k); ; i = (i + 1) & mask {
		switch s := t.slots[i]; {
		case s == 0:
			return i, false
		case t.ring[s-1].key == k:
			return i, true
		}
	}
}

// oldest returns the oldest entry; there must be one.
func (t *table) oldest() entry { return t.ring[t.head] }

// push remembers k from at on. There must be room.
func (t *table) push(k key, at int64) {
	if t.count == len(t.ring) {
		t.grow()
	}
	place := (t.head + t.count) % len(t.ring)
	slot, _ := t.find(k) // that of a stale entry leads here from now on
	t.ring[place] = entry{k, at}
	t.slots[slot] = uint32(place) + 1
	t.count++
}

// pop forgets the oldest entry, and tells whether its key was known by it: it was not stale.
func (t *table) pop() (known bool) {
	slot, ok := t.find(t.oldest().key)
	known = ok && t.slots[slot] == uint32(t.head)+1
	if known {
		t.empty(slot)
	}
	t.head = (t.head + 1) % len(t.ring)
	t.count--
	return known
}

// empty empties a slot, and moves those behind it that would not be found any more.
func (t *table) empty(slot uint32) {
	mask := uint32(len(t.slots) - 1)
	for next := (slot + 1) & mask; t.slots[next] != 0; next = (next + 1) & mask {
		home := t.home(t.ring[t.slots[next]-1].key)
		if (next-home)&mask >= (next-slot)&mask { // its home is not between the two
			t.slots[slot] = t.slots[next]
			slot = next
		}
	}
	t.slots[slot] = 0
}

// grow makes room for twice as many entries, up to the most.
func (t *table) grow() {
	old := *t
	size := min(max(2*len(old.ring), firstRing), t.most)
	slots := 2
	for slots < 2*size {
		slots *= 2
	}
	t.ring, t.head, t.slots = make([]entry, size), 0, make([]uint32, slots)
	for i := range old.count {
		from := (old.head + i) % len(old.ring)
		e := old.ring[from]
		t.ring[i] = e
		if slot, _ := old.find(e.key); old.slots[slot] != uint32(from)+1 {
			continue // stale
		}
		slot, _ := t.find(e.key)
		t.slots[slot] = uint32(i) + 1
	}
}
