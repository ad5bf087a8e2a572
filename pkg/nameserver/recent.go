package nameserver

import (
	"sync"
	"time"
)

// Limits of what is remembered to keep the log short.
const (
	recentFor  = time.Hour
	recentKeys = 4096
)

// recent remembers what was logged within the last hour, so that what repeats is logged once and then counted. Its memory is bounded: while
// it is full, new keys are counted as if they were known.
type recent[K comparable] struct {
	mu   sync.Mutex
	seen map[K]*sighting
}

// sighting is when a key was logged, and how often it came again since.
type sighting struct {
	logged time.Time
	again  uint64
}

// news tells whether key is to be logged, and how often it came since it was logged last.
func (r *recent[K]) news(key K, now time.Time) (again uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, known := r.seen[key]; known {
		if now.Sub(s.logged) < recentFor {
			s.again++
			return 0, false
		}
		again = s.again
		*s = sighting{logged: now}
		return again, true
	}
	if len(r.seen) >= recentKeys && !r.forget(now) {
		return 0, false
	}
	if r.seen == nil {
		r.seen = make(map[K]*sighting)
	}
	r.seen[key] = &sighting{logged: now}
	return 0, true
}

// forget makes room, if there is anything old. The caller holds mu.
func (r *recent[K]) forget(now time.Time) bool {
	for key, s := range r.seen {
		if now.Sub(s.logged) >= recentFor {
			delete(r.seen, key)
		}
	}
	return len(r.seen) < recentKeys
}
