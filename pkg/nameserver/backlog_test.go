package nameserver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// A backlog is bounded in bytes: who adds waits, and goes on when there is room. One datagram always fits.
func TestBacklog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBacklog()
		add := func(size int) <-chan error {
			done := make(chan error, 1)
			go func() { done <- b.add(t.Context(), datagram{body: make([]byte, size)}) }()
			synctest.Wait()
			return done
		}
		added := func(done <-chan error) bool {
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
				return true
			default:
				return false
			}
		}
		if !added(add(backlogBytes)) {
			t.Error("one that is larger does not fit alone")
		}
		waits := add(1)
		if added(waits) {
			t.Error("there is room in a full one")
		}
		take := func(want int) {
			t.Helper()
			if got, err := b.take(t.Context()); err != nil || len(got) != want {
				t.Errorf("took %d, %v, want %d", len(got), err, want)
			}
			synctest.Wait()
		}
		take(1)
		if !added(waits) {
			t.Error("waits though there is room")
		}
		added(add(1))
		take(2)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.take(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("take: %v", err)
		}
	})
}
