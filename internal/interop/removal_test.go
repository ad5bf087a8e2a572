package interop

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestRemoval follows, with subscribers of all versions, publishers that go: one of ours, which withdraws, and one of
// Python's that vanishes and is not renewed.
func TestRemoval(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.nameserver(t, ours, multicast, "POSTTROLL_MAX_AGE=5s", "POSTTROLL_WITHDRAW_GRACE=500ms")
			sub := m.subscriber(t, version, "service", "localhost")
			from := 0
			for _, tc := range []struct {
				who speaker
				end func(*machine, *testing.T, *testbed.Process)
			}{
				{ours, (*machine).end},
				{version, (*machine).kill},
			} {
				pub := publication{name: "publisher-" + string(tc.who), services: []string{"service"}, announced: multicast}
				p := m.publisher(t, tc.who, pub, "POSTTROLL_MESSAGE_VERSION=v1.01")
				awaitMessage(t, sub, pub)
				tc.end(m, t, p)
				_, from = sub.WaitLine(from, `{"removed": `)
			}
		})
	}
}
