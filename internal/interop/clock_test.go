package interop

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// clockSettings are those of the relay of TestFaultClock.
const clockSettings = `http_listen = "127.0.0.1:9180"

[[route]]
name = "gathered"

[route.source]
services = ["service"]

[route.sink]
advertise = %q

[route.duplicates]
window = "1m"
`

// TestFaultClock sets the clocks of all hosts an hour on while everything runs, and an hour back, and further back; and starts the nameserver again when its state comes from an hour
// ago, and from an hour ahead. Nobody expires, messages flow, and the daemons are well all the time.
func TestFaultClock(t *testing.T) {
	t.Parallel()
	machines := newMachines(t, 3)
	programs := jumpingPrograms(t)
	for _, m := range machines {
		m.programs = programs
	}
	state := filepath.Join(t.TempDir(), "state.jsonl")
	s := newFaultSiteOn(t, machines, "POSTTROLL_STATE_FILE="+state, "POSTTROLL_HTTP_LISTEN=127.0.0.1:9181")
	relay := s.server.relay(t, fmt.Sprintf(clockSettings, s.server.address()))
	s.subs = append(s.subs, s.subscribing.subscriber(t, ours, "gathered", s.server.address()))
	s.flows()
	offset := time.Duration(0)
	for _, jump := range []syscall.Signal{hourOn, hourBack, hourBack} {
		// All but the programs of Python, which have no clock that could be set so, and ask none.
		for _, p := range []*testbed.Process{s.nameserver, relay, s.publishers[0], s.publishers[2], s.subs[0], s.subs[2]} {
			tell(t, p, jump)
		}
		if offset -= time.Hour; jump == hourOn {
			offset += 2 * time.Hour
		}
		s.clockIs(offset)
		s.staysWell()
	}
	for _, later := range []bool{false, true} {
		if later {
			tell(t, s.nameserver, hourOn)
		}
		s.publish(s.publishing, ours, multicast) // so that the state is written
		testbed.WaitFor(t, "the state", func() bool { return holds(t, state, s.pubs) })
		s.server.kill(t, s.nameserver)
		s.nameserver = s.server.nameserver(t, ours, multicast, s.env...)
		s.staysWell()
	}
}

// clockIs waits until the nameserver has heard of a publisher at a time that differs so much from ours.
func (s *faultSite) clockIs(offset time.Duration) {
	s.t.Helper()
	testbed.WaitFor(s.t, fmt.Sprint("a clock that is off by ", offset), func() bool {
		got, err := s.lookup()
		if err != nil {
			return false
		}
		var entry struct {
			Received time.Time `json:"receive_time"`
		}
		if err := json.Unmarshal([]byte(got[0]), &entry); err != nil {
			s.t.Fatalf("%q: %v", got[0], err)
		}
		return time.Until(entry.Received).Round(30*time.Minute) == offset
	})
}

// staysWell checks for longer than entries live without being renewed that everybody is listed, and both daemons are well; and then that messages flow.
func (s *faultSite) staysWell() {
	s.t.Helper()
	for begun := time.Now(); time.Since(begun) < faultMaxAge*3/2; <-time.After(time.Second) {
		if got, err := s.lookup(); err != nil || len(got) != len(s.pubs) {
			s.t.Fatalf("after %s: found %q, %v", time.Since(begun), got, err)
		}
		for _, port := range []int{9180, 9181} {
			const ask = "import sys, urllib.request as r; r.urlopen('http://127.0.0.1:' + sys.argv[1] + '/healthz')"
			if out, err := s.server.command(s.server.python, "-c", ask, fmt.Sprint(port)).CombinedOutput(); err != nil {
				s.t.Fatalf("after %s: health on port %d: %v: %s", time.Since(begun), port, err, out)
			}
		}
	}
	s.flows()
	s.nobodyLeft()
	s.nothingLost()
}
