package registry

import (
	"cmp"
	"slices"
	"time"
)

// expireBatch is the number of entries that are removed before others get the lock.
const expireBatch = 256

// Expire removes what was not renewed within the maximum age (strictly older) and what was withdrawn or buried longer ago than the time of grace. It
// returns them in order of first announcement. When nothing is due it costs nothing, so it can be called before each announcement.
//
// Lookups get their turn in the midst of a large removal, and then find what is left.
func (r *Registry) Expire(now time.Time) []Removal {
	var gone []*entry
	for {
		n := len(gone)
		gone = r.expireSome(now, gone)
		if len(gone)-n < expireBatch {
			break
		}
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

// expireSome appends up to expireBatch entries to gone.
func (r *Registry) expireSome(now time.Time, gone []*entry) []*entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range expireBatch {
		var e *entry
		switch first, withdrawn, dead := r.renewed.first, r.withdrawn.first, r.dead.first; {
		case dead != nil && now.Sub(dead.since) >= r.cfg.DeadGrace:
			e = dead
			r.dead.remove(e)
		case withdrawn != nil && now.Sub(withdrawn.since) >= r.cfg.Grace:
			e = withdrawn
			r.withdrawn.remove(e)
		case first != nil && now.Sub(first.since) > r.cfg.MaxAge:
			e = first
			r.renewed.remove(e)
		default:
			return gone
		}
		r.forget(e)
		gone = append(gone, e)
	}
	return gone
}

func (r *Registry) forget(e *entry) {
	e.removed = true
	delete(r.byURI, e.uri)
	r.index.remove(e)
	r.account(e, -1)
}

// Next tells when [Registry.Expire] has something to remove, if nothing is announced until then. It is false when the table is empty.
func (r *Registry) Next() (time.Time, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var next time.Time
	for _, due := range []struct {
		first *entry
		age   time.Duration
	}{
		{r.renewed.first, r.cfg.MaxAge + 1}, // strictly older
		{r.withdrawn.first, r.cfg.Grace},
		{r.dead.first, r.cfg.DeadGrace},
	} {
		if due.first == nil {
			continue
		}
		if t := due.first.since.Add(due.age); next.IsZero() || t.Before(next) {
			next = t
		}
	}
	return next, !next.IsZero()
}
