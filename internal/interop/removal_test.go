package interop

import (
	"strings"
	"testing"
)

// TestRemoval follows, with subscribers of all versions, publishers that go: one of ours, which withdraws, and one of
// Python's that vanishes and is not renewed.
func TestRemoval(t *testing.T) {
	needTools(t)
	t.Parallel()
	for _, version := range versions {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.nameserver(t, ours, multicast, "POSTTROLL_MAX_AGE=5s", "POSTTROLL_WITHDRAW_GRACE=500ms")
			sub := m.subscriber(t, version, "service")
			for i, tc := range []struct {
				who speaker
				end func(*process, *testing.T)
			}{
				{ours, (*process).stop},
				{version, (*process).kill},
			} {
				pub := publication{name: "publisher-" + string(tc.who), services: []string{"service"}, announced: multicast}
				p := m.publisher(t, tc.who, pub, "POSTTROLL_MESSAGE_VERSION=v1.01")
				m.awaitMessage(t, sub, pub)
				tc.end(p, t)
				m.awaitLines(t, sub, "removal of "+pub.name, func(lines []string) bool {
					return strings.Count(strings.Join(lines, "\n"), `{"removed": `) == i+1
				})
			}
		})
	}
}
