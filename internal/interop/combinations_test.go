package interop

import (
	"fmt"
	"testing"
)

// TestCombinations mixes our programs with those of one version of Python posttroll, in each role, with each way of
// announcing. A subscriber finds its first publisher by lookup, and the second, that starts later, by the change feed.
func TestCombinations(t *testing.T) {
	t.Parallel()
	for _, announced := range []network{multicast, designated} {
		for _, version := range versions {
			for mix := range 8 {
				pick := func(bit int) speaker {
					if mix&bit == 0 {
						return ours
					}
					return version
				}
				nameserver, publisher, subscriber := pick(1), pick(2), pick(4)
				if mix == 0 && version != versions[0] {
					continue // ours alone, once
				}
				name := fmt.Sprintf("%s/nameserver=%s/publisher=%s/subscriber=%s", announced, nameserver, publisher, subscriber)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					combine(t, announced, nameserver, publisher, subscriber)
				})
			}
		}
	}
}

func combine(t *testing.T, announced network, nameserver, publisher, subscriber speaker) {
	m := newMachine(t)
	m.nameserver(t, nameserver, announced)
	// What has datetimes goes out as v1.2, which 1.11 does not read: there the operator sets the version, with Python's publishers as with
	// ours.
	first := publication{name: "first", services: []string{"service"}, announced: announced, datetimes: true}
	second := publication{name: "second", services: []string{"other", "service"}, announced: announced}
	var env []string
	if subscriber == "1.11" {
		env = append(env, "POSTTROLL_MESSAGE_VERSION=v1.01")
	}

	m.publisher(t, publisher, first, env...)
	sub := m.subscriber(t, subscriber, "service", "localhost")
	awaitMessage(t, sub, first)

	m.publisher(t, publisher, second, env...)
	awaitMessage(t, sub, second)
}
