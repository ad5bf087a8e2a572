package interop

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestMixedVersions runs all versions at once around our nameserver, announced in both ways. All
// subscribers hear of all publishers, those of 1.13 too, whose announcements 1.11 could not read as they are.
func TestMixedVersions(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.nameserver(t, ours, multicast)

	subscribers := map[speaker]*testbed.Process{
		ours:   m.subscriber(t, ours, "everyone", "localhost"),
		"1.16": m.subscriber(t, "1.16", "everyone", "localhost"),
		"1.13": m.subscriber(t, "1.13", "everyone", "localhost"),
		"1.11": m.subscriber(t, "1.11", "readable", "localhost"), // not what 1.13 sends: always v1.2
	}
	publishers := map[speaker]publication{
		"1.11": {name: "p11", services: []string{"everyone", "readable"}, announced: multicast},
		"1.13": {name: "p13", services: []string{"everyone"}, announced: multicast},
		"1.16": {name: "p16", services: []string{"everyone", "readable"}, announced: designated},
		ours:   {name: "ours", services: []string{"everyone", "readable"}, announced: designated},
	}
	for who, pub := range publishers {
		m.publisher(t, who, pub)
	}
	for who, sub := range subscribers {
		for from, pub := range publishers {
			if who == "1.11" && from == "1.13" {
				continue
			}
			awaitMessage(t, sub, pub)
		}
	}
}
