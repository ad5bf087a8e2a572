package main

import (
	"context"
	"sync"
	"time"
)

// Of stalls.
const (
	stallTick = 100 * time.Millisecond
	// stallLeast is what counts: on a machine that has time for us nothing is that late.
	stallLeast = time.Second
)

// stalls notes when this program was late by itself: what is late at the same time in others is no fault of theirs, but the machine's. The zero value is ready; it may be
// used concurrently.
type stalls struct {
	mu      sync.Mutex
	all     []stall // in order
	longest time.Duration
}

type stall struct {
	end  time.Time
	late time.Duration
}

// run notes until ctx ends.
func (s *stalls) run(ctx context.Context) {
	last := time.Now()
	for tick := time.NewTimer(stallTick); ; tick.Reset(stallTick) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		s.note(now, now.Sub(last)-stallTick)
		last = now
	}
}

func (s *stalls) note(now time.Time, late time.Duration) {
	if late < stallLeast {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, stall{now, late})
	s.longest = max(s.longest, late)
}

// since is the longest one that ended after t; 0: none.
func (s *stalls) since(t time.Time) (longest time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.all) - 1; i >= 0 && s.all[i].end.After(t); i-- {
		longest = max(longest, s.all[i].late)
	}
	return longest
}

// count is how many there were, and the longest.
func (s *stalls) count() (n int, longest time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all), s.longest
}
