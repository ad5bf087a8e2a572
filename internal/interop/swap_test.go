package interop

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestNameserverSwap puts our nameserver in the place of Python's under running Python programs, and then Python's back, as doc/migrating.md has it. Nobody
// is restarted and no message is lost; publishers that come later are found, by whoever was there before and by whoever comes later.
func TestNameserverSwap(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, announced := range []network{multicast, designated} {
			t.Run(string(version)+"/"+string(announced), func(t *testing.T) {
				t.Parallel()
				swap{newMachine(t), version, announced}.run(t)
			})
		}
	}
}

// swap is a machine whose Python programs are of one version.
type swap struct {
	*machine
	version   speaker
	announced network
}

func (s swap) run(t *testing.T) {
	first := publication{name: "first", services: []string{"service"}, announced: s.announced}
	nameserver := s.nameserver(t, s.version, s.announced)
	pub := s.publisher(t, s.version, first)
	sub := s.subscriber(t, s.version, "service", "localhost")
	awaitMessage(t, sub, first)

	for _, step := range []struct {
		who  speaker
		next string
	}{{ours, "second"}, {s.version, "third"}} {
		s.endBetween(t, nameserver, pub)
		nameserver = s.nameserver(t, step.who, s.announced)
		// By then who was there before is connected to the feed again: it tries every 100 ms, and the list is made anew by announcements, of which
		// the publisher makes one every 500 ms.
		late := s.subscriber(t, s.version, "first", "localhost")
		awaitMessage(t, late, first)

		next := publication{name: step.next, services: []string{"service"}, announced: s.announced}
		s.publisher(t, s.version, next)
		awaitMessage(t, sub, next)
		found := s.subscriber(t, s.version, step.next, "localhost")
		awaitMessage(t, found, next)
		awaitMessageFrom(t, sub, len(sub.Lines()), first)
	}
	checkAll(t, sub, first)
}

// endBetween ends a nameserver between two announcements of a Python publisher. Of one that ends with an announcement that it has not answered that publisher waits
// for the answer for ever, as the reference does.
func (s swap) endBetween(t *testing.T, nameserver, pub *testbed.Process) {
	t.Helper()
	tell := func(sig syscall.Signal) {
		if err := pub.Cmd.Process.Signal(sig); err != nil {
			t.Fatalf("%s: %v", pub.Cmd, err)
		}
	}
	from := len(pub.Lines())
	tell(syscall.SIGUSR1)
	pub.WaitLine(from, "paused")
	s.end(t, nameserver)
	tell(syscall.SIGUSR2)
}

// checkAll checks that no message of pub is missing in what sub has received, and none has come twice.
func checkAll(t *testing.T, sub *testbed.Process, pub publication) {
	t.Helper()
	last := 0
	for _, line := range sub.Lines() {
		var got received
		if !strings.HasPrefix(line, `{"subject"`) {
			continue
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%s printed %q: %v", sub.Cmd, line, err)
		}
		if got.Data.Publisher != pub.name {
			continue
		}
		if last != 0 && got.Data.Number != last+1 {
			t.Errorf("message %d of %s came after %d", got.Data.Number, pub.name, last)
		}
		last = got.Data.Number
	}
	if last == 0 {
		t.Errorf("%s got nothing of %s", sub.Cmd, pub.name)
	}
}
