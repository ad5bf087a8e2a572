package interop

import (
	"fmt"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// sideSettings are those of one of two relays side by side.
const sideSettings = `
[[route]]
name = "side-%[1]d"

  [route.source]
  services = ["reception"]
  nameservers = ["%[2]s"]

  [route.sink]
  aliases = ["joined"]
  address = "tcp://%[3]s:9100"
  queue = 5000
`

// joinSettings are those of the relay behind them.
const joinSettings = `
[[route]]
name = "join"

  [route.source]
  services = ["joined"]
  nameservers = ["%[1]s"]

  [route.duplicates]
  by = "message"

  [route.sink]
  name = "once"
  address = "tcp://%[2]s:9100"
  queue = 5000
`

// TestSideBySide has two relays from one network to the next, for the case that one fails, and behind them a third one that drops what comes twice, and a
// subscriber in Go that does so itself. What Python publishers send comes out of either once.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	machines := newNetworks(t, []int{0}, []int{1, 0}, []int{1, 0}, []int{1}, []int{2, 1}, []int{2}) // multicast takes the first
	near, sides, middle, join, far := machines[0], machines[1:3], machines[3], machines[4], machines[5]
	for _, m := range []*machine{near, middle, far} {
		m.nameserver(t, ours, multicast)
	}
	const rounds, burst = 125, 400 // 100,000 messages
	var beside []*testbed.Process
	for i, side := range sides {
		beside = append(beside, side.relay(t, fmt.Sprintf(sideSettings, i, near.address(), side.address())))
	}
	joined := join.relay(t, fmt.Sprintf(joinSettings, middle.address(), join.address()))
	var all crowd
	for i := range 2 {
		all.publisher(t, near, fmt.Sprintf("publisher-%d", i), "reception")
	}
	all.subscriber(t, far, "once", "localhost")
	all.goSubscriber(t, middle, "joined")
	for _, side := range beside {
		testbed.WaitFor(t, "the relay behind, and the subscriber", func() bool { return countersOf(t, side).Subscribers == 2 })
	}
	all.connect(t)
	all.send(t, rounds, burst)
	if got, want := countersOf(t, joined).Duplicates, (rounds-1)*burst*len(all.names); got < want {
		t.Errorf("%d messages came twice, want %d at least", got, want)
	}
}
