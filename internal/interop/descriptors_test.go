package interop

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestFaultDescriptors takes the nameserver's descriptors away, so that no connection can come any more, and gives them back.
func TestFaultDescriptors(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t)
	giveBack := s.takeDescriptors(s.nameserver)
	refused := s.subscribing.program("ptctl", "lookup", "service", "--nameserver", s.server.address(), "--timeout", "3s")
	if out, err := refused.CombinedOutput(); err == nil {
		t.Errorf("a lookup was answered without a descriptor: %s", out)
	}
	s.flows()
	<-time.After(2 * faultMaxAge) // the time is what is tested
	giveBack()
	s.healthy()
	s.nobodyLeft()
}

// TestFaultDescriptorsOfOthers does so to a publisher, a relay and a subscriber. Those who are connected go on; who comes meanwhile is heard, and hears, when there are
// descriptors again.
func TestFaultDescriptorsOfOthers(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t)
	relay := s.server.relay(t, fmt.Sprintf("[[route]]\nname = \"gathered\"\n[route.source]\nservices = [\"service\"]\n[route.sink]\nadvertise = %q\n", s.server.address()))
	s.subs = append(s.subs, s.subscribing.subscriber(t, ours, "gathered", s.server.address()))
	s.flows()
	var giveBack []func()
	for _, p := range []*testbed.Process{s.publishers[0], relay, s.subs[0]} {
		giveBack = append(giveBack, s.takeDescriptors(p))
	}
	s.flows()
	newcomer := s.publish(s.publishing, ours, multicast)
	newcomer.WaitLine(0, "publisher started")
	late := []*testbed.Process{
		s.subscribing.subscriber(t, ours, "service", s.server.address()),
		s.subscribing.subscriber(t, ours, "gathered", s.server.address()),
	}
	<-time.After(faultMaxAge) // the time is what is tested
	for _, back := range giveBack {
		back()
	}
	s.subs = append(s.subs, late...)
	s.healthy()
	s.nobodyLeft()
	s.nothingLost()
}

// takeDescriptors lets a program have no further descriptor until the returned function is called.
func (s *faultSite) takeDescriptors(p *testbed.Process) (giveBack func()) {
	s.t.Helper()
	pid := strconv.Itoa(p.Cmd.Process.Pid)
	limits := strings.Fields(s.server.host.Run("prlimit", "--pid", pid, "--nofile", "--noheadings", "--raw", "--output", "SOFT,HARD"))
	s.server.host.Run("prlimit", "--pid", pid, "--nofile=3:"+limits[1]) // a new one would have to be below 3
	return func() {
		s.server.host.Run("prlimit", "--pid", pid, fmt.Sprintf("--nofile=%s:%s", limits[0], limits[1]))
	}
}
