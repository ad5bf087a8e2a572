package nameserver_test

import (
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestDeadChange: who follows is told that a publisher is dead when a probe has found it so, with the cause, then that it is removed; and of one that comes back in
// between, that it has returned.
func TestDeadChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var changes []string
		d := &doors{state: map[string]error{}}
		probing := quiet(func(c *nameserver.Config) { c.Probe = nameserver.ProbeAnnouncers })
		follow := nameserver.Hooks{Change: func(c nameserver.Change) {
			mu.Lock()
			defer mu.Unlock()
			changes = append(changes, string(c.Kind)+" "+c.URI+" "+c.Source.Addr.String()+" "+c.Cause)
		}}
		s := newSite(t, probing, nil, follow, func(inner transport.Transport) transport.Transport {
			d.Transport = inner
			return d
		})
		defer s.close()
		hears := func(want ...string) {
			t.Helper()
			mu.Lock()
			defer mu.Unlock()
			if diff := cmp.Diff(want, changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			changes = nil
		}
		for _, door := range []string{doorA, doorB} {
			d.set(door, nil)
		}
		defer s.announcing(hostB, 2*time.Second, announcement(liveB, "x"))()
		stop := s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
		pass(9 * time.Second)
		hears("publisher_added "+liveB+" 10.0.0.3 ", "publisher_added "+liveA+" 10.0.0.2 ")

		stop()
		d.set(doorA, syscall.ECONNREFUSED)
		pass(5 * time.Second)
		hears("publisher_dead " + liveA + " 10.0.0.2 refused")
		d.set(doorA, nil)
		stop = s.announcing(hostA, 2*time.Second, announcement(liveA, "x"))
		pass(time.Second)
		hears("publisher_returned " + liveA + " 10.0.0.2 ")

		stop()
		d.set(doorA, syscall.ECONNREFUSED)
		pass(20 * time.Second)
		hears("publisher_dead "+liveA+" 10.0.0.2 refused", "publisher_removed "+liveA+" 10.0.0.2 dead")
	})
}
