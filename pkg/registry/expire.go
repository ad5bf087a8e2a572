package registry

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// expireBatch is the number of entries that are removed before others get the lock.
const expireBatch = 128

// Expire removes what was not renewed within the maximum age (strictly older) and what was withdrawn or buried longer ago than the time of grace. It
// returns them in order of first announcement. When nothing is due it costs nothing, so it can be called before each announcement.
//
// Lookups get their turn in the midst of a large removal, and then find what is left.
func (r *Registry) Expire(now time.Time) []Removal { return r.ExpireSome(now, math.MaxInt) }

// ExpireSome does the same with no more than most entries; [Registry.Next] tells of the others.
func (r *Registry) ExpireSome(now time.Time, most int) []Removal {
	var gone []*entry
	for n := expireBatch; n == expireBatch && len(gone) < most; {
		before := len(gone)
		gone = r.expire(now, gone, min(expireBatch, most-before))
		n = len(gone) - before
	}
	if len(gone) == 0 {
		return nil
	}
	slices.SortFunc(gone, func(a, b *entry) int { return cmp.Compare(a.seq, b.seq) })
	removals := make([]Removal, len(gone))
	for i, e := range gone {
		removals[i] = e.removal()
	}
	return removals
}

// expire appends up to most entries to gone.
func (r *Registry) expire(now time.Time, gone []*entry, most int) []*entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(gone)
	for q := range r.queues() {
		age := r.limit(q)
		for len(gone)-n < most {
			due, ok := q.due(q.first, age)
			if !ok || due.After(now) {
				break
			}
			e := q.first
			q.remove(e)
			r.forget(e)
			gone = append(gone, e)
		}
	}
	return gone
}

// limit is the age at which entries of q go: the time of grace, or just above the maximum, since they go when they are strictly older.
func (r *Registry) limit(q *queue) time.Duration {
	switch q {
	case &r.dead:
		return r.cfg.DeadGrace
	case &r.withdrawn:
		return r.cfg.Grace
	}
	return r.cfg.MaxAge + 1
}

func (r *Registry) forget(e *entry) {
	delete(r.byURI, e.uri)
	r.index.remove(e)
	r.account(e, -1)
	r.confirm(e)
	r.version++
}

// Next tells when [Registry.Expire] has something to remove, if nothing is announced until then. It is false when the table is empty, or all of it is held.
func (r *Registry) Next() (time.Time, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var next time.Time
	for q := range r.queues() {
		if due, ok := q.due(q.first, r.limit(q)); ok && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	return next, !next.IsZero()
}
