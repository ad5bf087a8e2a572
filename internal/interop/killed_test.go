package interop

import (
	"fmt"
	"testing"
)

// TestFaultPublisherKilled kills a publisher and starts it again at its port: whoever heard it does so again by itself; and then at another one: there it is heard too, and the
// old entry goes.
func TestFaultPublisherKilled(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t, "POSTTROLL_MAX_AGE=10m")
	pub := publication{name: "restarted", services: []string{"service"}, port: 9010, announced: multicast}
	s.pubs = append(s.pubs, pub)
	p := s.publishing.publisher(t, ours, pub)
	s.flows()
	for _, port := range []int{9010, 9010, 9020} {
		s.publishing.kill(t, p)
		pub.port = port
		p = s.publishing.publisher(t, ours, pub)
		s.flows()
	}
	s.listed() // one entry for it
}

// TestFaultRelayKilled does so to a relay, whose sink has a port of its own.
func TestFaultRelayKilled(t *testing.T) {
	t.Parallel()
	s := newFaultSite(t, "POSTTROLL_MAX_AGE=10m")
	settings := fmt.Sprintf("[[route]]\nname = \"gathered\"\n[route.source]\nservices = [\"service\"]\n[route.sink]\nport = 9100\nadvertise = %q\n", s.server.address())
	relay := s.server.relay(t, settings)
	s.subs = append(s.subs,
		s.subscribing.subscriber(t, ours, "gathered", s.server.address()),
		s.subscribing.subscriber(t, "1.16", "gathered", s.server.address()),
	)
	s.flows()
	for range 2 {
		s.server.kill(t, relay)
		relay = s.server.relay(t, settings)
		s.healthy()
	}
}
