package registry

import (
	"bytes"
	"errors"
	"iter"
	"time"
)

// ErrListed says that what is to be restored is listed already.
var ErrListed = errors.New("listed already")

// Saved is an entry as it is kept for the next start.
type Saved struct {
	Publisher
	Announced time.Time // last, or when it was withdrawn
	Withdrawn bool
}

// savedBatch is the number of entries that are copied before others get the lock.
const savedBatch = 256

// Saved goes through all entries but those of the way [Own], in order of first announcement. Others get their turn in between: what is announced
// meanwhile comes, too, and what is removed does not. The yielded entries are copies.
func (r *Registry) Saved() iter.Seq[Saved] {
	return func(yield func(Saved) bool) {
		batch := make([]Saved, 0, savedBatch)
		for last := uint64(0); ; {
			batch, last = r.copySome(batch[:0], last)
			for _, s := range batch {
				if !yield(s) {
					return
				}
			}
			if last == 0 {
				return
			}
		}
	}
}

// copySome appends copies of some entries after seq to batch, and returns the last seq that it has looked at; 0 at the end.
func (r *Registry) copySome(batch []Saved, seq uint64) ([]Saved, uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	last := uint64(0)
	for e := range r.index.all.from(seq + 1) {
		if len(batch) == cap(batch) {
			return batch, last
		}
		last = e.seq
		if e.way != Own {
			batch = append(batch, e.saved())
		}
	}
	return batch, 0
}

func (e *entry) saved() Saved {
	s := Saved{
		Publisher: Publisher{
			URI: e.uri, Name: e.name, Services: e.services, Data: bytes.Clone(e.encoded.data()),
			Secure: e.secure, Source: e.source, Way: e.way,
		},
		Announced: e.stamped(), Withdrawn: e.withdrawn,
	}
	if e.naive.bytes != nil {
		s.NaiveData = bytes.Clone(e.naive.data())
	}
	return s
}

// Restore lists what was [Registry.Saved] before the start, behind what is listed. It is unconfirmed until it is announced again, and lookups say so;
// it grows old as if it had been announced now. Its owner is who it was.
//
// The error is [ErrListed], [ErrTableFull] or [ErrSourceFull].
func (r *Registry) Restore(s Saved, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.byURI[s.URI]; ok {
		return ErrListed
	}
	if err := r.room(s.Source.Addr, share{entries: 1, memory: s.memory()}); err != nil {
		return err
	}
	announced := s.Announced
	if announced.After(now) {
		announced = now // the clock was wrong, then or now
	}
	r.seq++
	e := newEntry(s.Publisher, r.seq)
	e.withdrawn, e.unconfirmed = s.Withdrawn, !s.Withdrawn
	e.since = now
	e.stamp(announced)
	r.list(e)
	r.queueOf(e).push(e)
	return nil
}

// Unconfirmed is the number of entries that were restored and not announced since.
func (r *Registry) Unconfirmed() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.unconfirmed
}

// Version grows with each change of what [Registry.Saved] returns, but for the times.
func (r *Registry) Version() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.version
}

// confirm notes that e was heard of. The caller holds mu.
func (r *Registry) confirm(e *entry) (first bool) {
	if !e.unconfirmed {
		return false
	}
	e.unconfirmed = false
	r.unconfirmed--
	return true
}

// list puts e where lookups and bounds see it. The caller holds mu, and pushes it to a queue.
func (r *Registry) list(e *entry) {
	r.byURI[e.uri] = e
	r.account(e, +1)
	r.index.add(e)
	if e.unconfirmed {
		r.unconfirmed++
	}
	r.version++
}
