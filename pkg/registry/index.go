package registry

import (
	"cmp"
	"iter"
	"slices"
)

// index finds entries by service, in the order of their first announcements.
type index struct {
	all    *bucket            // every entry
	texts  *bucket            // entries whose service is one text
	byName map[string]*bucket // entries with a list of services, by each of them
}

func newIndex() index {
	return index{all: &bucket{}, texts: &bucket{}, byName: make(map[string]*bucket)}
}

func (x *index) add(e *entry) {
	x.all.insert(e)
	x.addServices(e)
}

func (x *index) addServices(e *entry) {
	e.in = e.in[:0]
	if e.services.Text {
		x.texts.insert(e)
		e.in = append(e.in, x.texts)
		return
	}
	for _, name := range e.services.Names {
		b, ok := x.byName[name]
		if !ok {
			b = &bucket{name: name}
			x.byName[name] = b
		}
		if b.insert(e) { // else the name stands in the list twice
			e.in = append(e.in, b)
		}
	}
}

// leave takes e out of where its services put it; addServices with others follows.
func (x *index) leave(e *entry) {
	for _, b := range e.in {
		b.delete(e)
		x.tidy(b)
	}
}

// remove takes out e for good.
func (x *index) remove(e *entry) {
	x.all.drop(e)
	for _, b := range e.in {
		b.drop(e)
		x.tidy(b)
	}
}

// tidy forgets the bucket of a name that nobody offers any more.
func (x *index) tidy(b *bucket) {
	if len(b.slots) == b.empty && b != x.texts {
		delete(x.byName, b.name)
	}
}

// bucket is a list of entries by seq. Removing leaves an empty slot, until they are more than half of all: so it costs the same however many publishers share a name.
type bucket struct {
	name  string
	slots []slot
	empty int
}

// slot has an entry, or none any more. Its seq stands beside it, so that neither finding one nor closing the gaps looks at the entries, which lie all over the memory: with
// 100,000 that took up to 2 ms, in which nobody could look up anything, and takes half of it so.
type slot struct {
	seq   uint64
	entry *entry // nil: it is empty
}

// find returns the index of the first slot from seq on, and whether it is that of seq.
func (b *bucket) find(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(b.slots, seq, func(s slot, seq uint64) int { return cmp.Compare(s.seq, seq) })
}

// from goes through the entries from seq on.
func (b *bucket) from(seq uint64) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		begin, _ := b.find(seq)
		for _, s := range b.slots[begin:] {
			if s.entry != nil && !yield(s.entry) {
				return
			}
		}
	}
}

// insert reports whether e is new in b.
func (b *bucket) insert(e *entry) bool {
	i, ok := b.find(e.seq)
	if !ok {
		b.slots = slices.Insert(b.slots, i, slot{e.seq, e})
	}
	return !ok
}

// delete takes out e, which stays in the table.
func (b *bucket) delete(e *entry) {
	if i, ok := b.find(e.seq); ok {
		b.slots = slices.Delete(b.slots, i, i+1)
	}
}

// drop takes out e, which leaves the table.
func (b *bucket) drop(e *entry) {
	i, ok := b.find(e.seq)
	if !ok {
		panic("registry: an entry is not where its services put it")
	}
	b.slots[i].entry = nil
	b.empty++
	if 2*b.empty <= len(b.slots) {
		return
	}
	live := make([]slot, 0, len(b.slots)-b.empty)
	for _, s := range b.slots {
		if s.entry != nil {
			live = append(live, s)
		}
	}
	b.slots, b.empty = live, 0
}
