package nameserver_test

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Who follows hears of all changes, in order, and of nothing twice; who looks sees how it stands with each publisher.
func TestChangesAndPublishers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var changes []string
		s := newSite(t, quiet(nil), nil, nameserver.Hooks{Change: func(c nameserver.Change) {
			mu.Lock()
			defer mu.Unlock()
			changes = append(changes, string(c.Kind)+" "+c.URI+" "+c.Source.Addr.String()+" "+c.Cause)
		}}, nil)
		defer s.close()
		hears := func(want ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if diff := cmp.Diff(want, changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			changes = nil
		}
		stands := func(want ...nameserver.Publisher) {
			t.Helper()
			if diff := cmp.Diff(want, slices.Collect(s.server.Publishers()), cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("publishers (-want +got):\n%s", diff)
			}
		}
		a, b := "tcp://10.0.0.2:9001", "tcp://10.0.0.3:9001"
		begin := time.Now()
		s.multicast(hostA, announcement(a, "viirs", "sdr"))
		s.multicast(hostB, announcement(b, "avhrr"))
		hears("publisher_added "+a+" 10.0.0.2 ", "publisher_added "+b+" 10.0.0.3 ")
		time.Sleep(2 * time.Second)
		s.multicast(hostA, announcement(a, "viirs", "sdr"))
		hears()
		first := nameserver.Publisher{
			URI: a, Services: []string{"viirs", "sdr"}, Backend: transport.Plain, State: nameserver.Live, Announced: begin.Add(2 * time.Second), Interval: 2 * time.Second,
			Source: registry.Source{Addr: hostA},
		}
		second := nameserver.Publisher{
			URI: b, Services: []string{"avhrr"}, Backend: transport.Plain, State: nameserver.Live, Announced: begin, Source: registry.Source{Addr: hostB},
		}
		stands(first, second)

		// Where the interval is known it takes three of it, and ten seconds, until a publisher is silent; else half a minute.
		time.Sleep(10*time.Second + time.Nanosecond)
		first.State = nameserver.Silent
		stands(first, second)
		time.Sleep(18 * time.Second)
		second.State = nameserver.Silent
		stands(first, second)

		s.multicast(hostA, announcement(a, "viirs"))
		hears("publisher_changed " + a + " 10.0.0.2 ")
		s.multicast(hostA, withdrawal(a, "viirs"), withdrawal(a, "viirs"))
		hears("publisher_withdrawn " + a + " 10.0.0.2 ")
		first.State, first.Services, first.Announced, first.Interval = nameserver.Withdrawn, []string{"viirs"}, time.Now(), time.Since(first.Announced)
		stands(first, second)
		s.multicast(hostA, announcement(a, "viirs"))
		hears("publisher_returned " + a + " 10.0.0.2 ")
		s.multicast(hostA, withdrawal(a, "viirs"))
		s.multicast(hostB, withdrawal("tcp://10.0.0.3:9999", "unknown"))
		hears("publisher_withdrawn " + a + " 10.0.0.2 ")
		time.Sleep(time.Minute)
		hears("publisher_removed " + a + " 10.0.0.2 withdrawn")
		time.Sleep(10 * time.Minute)
		hears("publisher_removed " + b + " 10.0.0.3 too old")
		stands()
	})
}
