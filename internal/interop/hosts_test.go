package interop

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestHosts has nameserver, publisher and subscribers on hosts of their own, with multicast between them. The publisher's host
// is cut off until the nameserver forgets it, and comes back.
func TestHosts(t *testing.T) {
	t.Parallel()
	machines := newMachines(t, 3)
	nameserver, publisher, subscriber := machines[0], machines[1], machines[2]
	nameserver.nameserver(t, ours, multicast, "POSTTROLL_MAX_AGE=5s")
	pub := publication{name: "far-away", services: []string{"service"}, announced: multicast}
	publisher.publisher(t, ours, pub)
	subs := []struct {
		*testbed.Process
		removal string // what it prints when it has left a publisher
	}{
		{subscriber.subscriber(t, ours, "service", nameserver.address()), "publisher removed"},
		{subscriber.subscriber(t, "1.16", "service", nameserver.address()), `{"removed": `},
	}
	for _, sub := range subs {
		awaitMessage(t, sub.Process, pub)
	}

	publisher.host.Cut()
	gone := make([]int, len(subs))
	for i, sub := range subs {
		_, gone[i] = sub.WaitLine(0, sub.removal)
	}

	publisher.host.Heal()
	for i, sub := range subs {
		// Once more, since the first may have been on its way when the publisher was left.
		next := awaitMessageFrom(t, sub.Process, gone[i], pub)
		awaitMessageFrom(t, sub.Process, next, pub)
	}
}
