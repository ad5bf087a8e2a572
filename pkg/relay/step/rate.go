package step

import (
	"container/list"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

// rateLimit is a [RateLimit] at work: for each subject the time at which its store is full again. Subjects are known by a hash.
type rateLimit struct {
	each, per time.Duration // for one message, and for a store that is empty
	most      int
	seed      maphash.Seed

	mu        sync.Mutex
	start     time.Time
	last      time.Duration // the latest time since start
	bySubject map[uint64]*list.Element
	recent    list.List // of store, the one used longest ago first
}

type store struct {
	subject uint64
	full    time.Duration
}

// What counts where nothing is set, and bounds.
const (
	defaultPer         = time.Second
	defaultMaxSubjects = 10_000
	maxRate            = 1_000_000
)

func (b *builder) rateLimit(key string, r RateLimit) action {
	if r.Per == 0 {
		r.Per = defaultPer
	}
	if r.MaxSubjects == 0 {
		r.MaxSubjects = defaultMaxSubjects
	}
	before := len(b.problems)
	b.between(key+".messages", r.Messages, 1, maxRate)
	b.between(key+".max_subjects", r.MaxSubjects, 1, maxRate)
	if r.Per < time.Millisecond || r.Per > 24*time.Hour {
		b.add(key+".per", fmt.Sprintf("%s is out of range, want 1ms to 24h", r.Per), "")
	}
	if len(b.problems) > before {
		return &rateLimit{}
	}
	each := max(r.Per/time.Duration(r.Messages), 1)
	return &rateLimit{
		each: each, per: each * time.Duration(r.Messages), most: r.MaxSubjects,
		seed: maphash.MakeSeed(), bySubject: map[uint64]*list.Element{},
	}
}

func (r *rateLimit) do(i *Item, now time.Time) (Reason, error) {
	subject := maphash.String(r.seed, i.subject)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.start.IsZero() {
		r.start = now
	}
	r.last = max(r.last, now.Sub(r.start)) // a clock that is set back stands still
	s := r.store(subject)
	s.full = max(s.full, r.last)
	if s.full+r.each > r.last+r.per {
		return RateLimited, nil
	}
	s.full += r.each
	return "", nil
}

// store returns that of a subject; in place of the one used longest ago when there are as many as may be.
func (r *rateLimit) store(subject uint64) *store {
	if e, ok := r.bySubject[subject]; ok {
		r.recent.MoveToBack(e)
		return e.Value.(*store)
	}
	if r.recent.Len() == r.most {
		oldest := r.recent.Front()
		delete(r.bySubject, oldest.Value.(*store).subject)
		r.recent.Remove(oldest)
	}
	s := &store{subject: subject}
	r.bySubject[subject] = r.recent.PushBack(s)
	return s
}
