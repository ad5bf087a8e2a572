package interop

import (
	"fmt"
	"testing"
	"time"
)

// TestDeadPublishers kills publishers of all versions and starts others with their name: subscribers of all versions are told in seconds that the first
// ones are gone, with the age at which entries expire as it is by default, and hear the others.
func TestDeadPublishers(t *testing.T) {
	t.Parallel()
	const soon = 30 * time.Second // it takes ten; the machines of CI are slow
	for _, version := range versions {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.nameserver(t, ours, multicast)
			sub := m.subscriber(t, version, "service", "localhost")
			from := 0
			for i, who := range []speaker{version, ours} {
				pub := publication{name: fmt.Sprint("publisher-", i), services: []string{"service"}, announced: multicast}
				p := m.publisher(t, who, pub, "POSTTROLL_MESSAGE_VERSION=v1.01")
				from = awaitMessageFrom(t, sub, from, pub)
				m.kill(t, p)
				began := time.Now()
				_, from = sub.WaitLine(from, `{"removed": `)
				if took := time.Since(began); took > soon {
					t.Errorf("%s: gone after %s", who, took)
				}
			}
		})
	}
}
