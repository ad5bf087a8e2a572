package pubsub

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Times between attempts to connect to publishers that could not be connected to for a reason of ours, as when there is no file descriptor left.
const (
	connectRetry     = time.Second
	connectRetryMost = 10 * time.Second
)

// unconnected are publishers that were found, could be used, and can't be connected to now. Nobody tells of them again: nothing has changed for nameservers.
type unconnected struct {
	uris map[string]bool // held with listed.mu
	wake chan struct{}   // 1 deep: that there is one
}

func newUnconnected() unconnected {
	return unconnected{uris: make(map[string]bool), wake: make(chan struct{}, 1)}
}

// note notes one. The caller holds listed.mu.
func (u *unconnected) note(uri string) {
	u.uris[uri] = true
	select {
	case u.wake <- struct{}{}:
	default: // it is known that there is one
	}
}

// connectLater tries those that are unconnected again, more and more rarely, until ctx ends.
func (s *Subscriber) connectLater(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.unconnected.wake:
		}
		for delay := connectRetry; ; delay = min(2*delay, connectRetryMost) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(delay):
			}
			if s.connectNow() {
				break
			}
		}
	}
}

// connectNow tries them all, and tells whether none is left.
func (s *Subscriber) connectNow() bool {
	s.listed.mu.Lock()
	defer s.listed.mu.Unlock()
	failed := slices.Collect(maps.Keys(s.unconnected.uris))
	clear(s.unconnected.uris)
	for _, uri := range failed {
		if e, ok := s.listed.entries[uri]; ok {
			s.found(e)
		}
	}
	return len(s.unconnected.uris) == 0
}
