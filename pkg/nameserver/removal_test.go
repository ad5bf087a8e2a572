package nameserver_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

// TestRemovals: of very many that are too old at the same time some are removed, and then others have their turn; all of them are before long, each once, but one that comes back in
// between.
func TestRemovals(t *testing.T) {
	t.Parallel()
	const maxAge = time.Minute
	cfg := quiet(func(c *nameserver.Config) {
		c.MaxAge, c.MaxAnnouncementsPerSource = maxAge, 0
		c.FeedAnnounceInterval = 5 * time.Second // somebody is heard, so it is not deaf
	})
	inSite(t, cfg, func(t *testing.T, s *site) {
		var all []string
		for i := range 1500 {
			all = append(all, fmt.Sprintf("tcp://10.0.0.3:%d", 10_000+i))
		}
		for _, uri := range all {
			s.multicast(hostB, announcement(uri, "x"))
		}
		pass(time.Second)
		s.feed.take()
		check(t, "listed", len(s.listed("x")), len(all))
		pass(maxAge - time.Second)
		check(t, "removed at the age itself", s.feed.changes(t), []string{})

		pass(time.Nanosecond)
		var gone []string
		for _, want := range []int{512, 1024, 1499} {
			gone = append(gone, s.feed.changes(t)...)
			check(t, "removed so far", len(gone), want)
			check(t, "listed still", len(s.listed("x")), len(all)-want)
			s.multicast(hostB, announcement(all[1499], "x"))
			pass(10 * time.Millisecond)
		}
		pass(time.Second)
		gone = append(gone, s.feed.changes(t)...)
		var want []string
		for _, uri := range all[:1499] {
			want = append(want, "-"+uri)
		}
		check(t, "removed", gone, want)
		check(t, "listed", s.listed("x"), all[1499:])
	})
}

// TestRemovalRest: others have their turn for as long where it takes longer to tell of those that were removed than they are to rest.
func TestRemovalRest(t *testing.T) {
	t.Parallel()
	const each = time.Millisecond // that a removal takes
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var removed []time.Time
		cfg := quiet(func(c *nameserver.Config) {
			c.MaxAge, c.MaxAnnouncementsPerSource = time.Minute, 0
			c.FeedAnnounceInterval = 5 * time.Second // somebody is heard, so it is not deaf
		})
		s := newSite(t, cfg, nil, nameserver.Hooks{Change: func(c nameserver.Change) {
			if c.Kind == nameserver.PublisherRemoved {
				mu.Lock()
				removed = append(removed, time.Now())
				mu.Unlock()
				time.Sleep(each)
			}
		}}, nil)
		defer s.close()
		for i := range 600 {
			s.multicast(hostB, announcement(fmt.Sprintf("tcp://10.0.0.3:%d", 10_000+i), "x"))
		}
		pass(2 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if len(removed) != 600 {
			t.Fatalf("%d removed, want 600", len(removed))
		}
		check(t, "time between two", removed[511].Sub(removed[510]), each)
		check(t, "rest", removed[512].Sub(removed[511].Add(each)), 10*time.Millisecond)
	})
}
