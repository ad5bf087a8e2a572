package registry

import "iter"

// Listing is an entry as somebody who looks at the table sees it. What it holds must not be changed.
type Listing struct {
	State       // of one that was withdrawn or buried, Since is when that was
	Name        string
	Secure      bool
	Withdrawn   bool // it said so
	Dead        bool // it was buried; with neither lookups find it
	Unconfirmed bool // it was restored, and not announced since
}

// listBatch is the number of entries that are copied before others get the lock.
const listBatch = 256

// All returns the entries in order of first announcement, those that were withdrawn or buried among them. Others get the lock in the midst of a large table; entries that come and go
// meanwhile may be among those that are returned or not.
func (r *Registry) All() iter.Seq[Listing] {
	return func(yield func(Listing) bool) {
		batch := make([]Listing, 0, listBatch)
		for next := uint64(0); ; {
			batch, next = r.listSome(batch[:0], next)
			for _, l := range batch {
				if !yield(l) {
					return
				}
			}
			if len(batch) < listBatch {
				return
			}
		}
	}
}

// listSome appends entries from next on, up to the capacity of batch, and returns where to go on.
func (r *Registry) listSome(batch []Listing, next uint64) ([]Listing, uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for e := range r.index.all.from(next) {
		if len(batch) == cap(batch) {
			break
		}
		batch, next = append(batch, e.listing()), e.seq+1
	}
	return batch, next
}

func (e *entry) listing() Listing {
	l := Listing{
		State: e.state(), Name: e.name, Secure: e.secure, Withdrawn: e.withdrawn && !e.dead, Dead: e.dead, Unconfirmed: e.unconfirmed,
	}
	l.Since = e.stamped()
	return l
}
