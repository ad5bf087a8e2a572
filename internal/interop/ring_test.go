package interop

import (
	"fmt"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// ringSettings are those of the relay on one leg of the ring, from one network to the next one. It takes all that there is, what the relay before it
// brings too.
const ringSettings = `
[[route]]
name = "leg-%[1]d"

  [route.source]
  services = ["ring"]
  nameservers = ["%[2]s"]
%[4]s
  [route.sink]
  aliases = ["ring"]
  address = "tcp://%[3]s:9100"
  queue = 5000
`

// ringRename is a step of the last leg.
const ringRename = `
  [[route.step]]
  rename = { prefix = { "/counter" = "/renamed" } }
`

// TestRing has three networks and three relays, each from one to the next. What Python publishers in all networks send comes out of each relay
// once.
func TestRing(t *testing.T) {
	t.Parallel()
	const networks = 3
	machines := newNetworks(t, []int{0}, []int{1}, []int{2}, []int{1, 0}, []int{2, 1}, []int{0, 2}) // multicast takes the first
	stations, relays := machines[:networks], machines[networks:]
	const rounds, burst = 112, 300 // 100,800 messages
	var all crowd
	for i, station := range stations {
		nameserver := station.nameserver(t, ours, multicast)
		name := fmt.Sprintf("publisher-%d", i)
		all.publisher(t, station, name, "ring")
		// A network without a publisher of its own is not taken from by the relay whose messages come round there.
		nameserver.WaitLine(0, `"publisher added"`, name)
	}
	var running []*testbed.Process
	for i, station := range stations {
		next := (i + 1) % networks
		rename := ""
		if next == 0 {
			rename = ringRename
		}
		running = append(running, relays[i].relay(t, fmt.Sprintf(ringSettings, i, station.address(), relays[i].addressOn(next), rename)))
		all.subscriber(t, stations[next], fmt.Sprintf("leg-%d", i), "localhost")
	}
	all.connect(t)
	all.send(t, rounds, burst)
	for i, relay := range running {
		// Those of its own network have come round.
		if got := countersOf(t, relay).Dropped["loop"]; got < (rounds-1)*burst {
			t.Errorf("relay %d dropped %d messages that came back, want those of %d rounds", i, got, rounds-1)
		}
	}
}
