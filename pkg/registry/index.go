package registry

import (
	"cmp"
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

// remove takes out e, which is marked as removed.
func (x *index) remove(e *entry) {
	x.all.drop()
	for _, b := range e.in {
		b.drop()
		x.tidy(b)
	}
}

// tidy forgets the bucket of a name that nobody offers any more.
func (x *index) tidy(b *bucket) {
	if len(b.entries) == 0 && b != x.texts {
		delete(x.byName, b.name)
	}
}

// bucket is a list of entries by seq. Removed ones stay in it, to be skipped, until they are more than half of it: so removing costs the
// same however many publishers share a name.
type bucket struct {
	name    string
	entries []*entry
	removed int
}

func bySeq(e *entry, seq uint64) int { return cmp.Compare(e.seq, seq) }

// insert reports whether e is new in b.
func (b *bucket) insert(e *entry) bool {
	i, ok := slices.BinarySearchFunc(b.entries, e.seq, bySeq)
	if !ok {
		b.entries = slices.Insert(b.entries, i, e)
	}
	return !ok
}

// delete takes out e, which stays in the table.
func (b *bucket) delete(e *entry) {
	if i, ok := slices.BinarySearchFunc(b.entries, e.seq, bySeq); ok {
		b.entries = slices.Delete(b.entries, i, i+1)
	}
}

// drop counts an entry that was marked as removed.
func (b *bucket) drop() {
	b.removed++
	if 2*b.removed <= len(b.entries) {
		return
	}
	live := make([]*entry, 0, len(b.entries)-b.removed)
	for _, e := range b.entries {
		if !e.removed {
			live = append(live, e)
		}
	}
	b.entries, b.removed = live, 0
}
