package interop

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// TestNamesThroughRelay has Python subscribers look for names of publishers in another network: they find the relay between the two, on the port where
// these names are, and who looks for names on two ports gets every message once.
func TestNamesThroughRelay(t *testing.T) {
	t.Parallel()
	const near, far = 0, 1
	machines := newNetworks(t, []int{near}, []int{near, far}, []int{far})
	inside, gate, outside := machines[0], machines[1], machines[2]
	inside.nameserver(t, ours, multicast)
	known := outside.nameserver(t, ours, multicast)
	long := strings.Repeat("m", 600) // two such names do not fit one announcement
	publish := func(name, alias string) *testbed.Process {
		return inside.start(t, inside.peer(t, "publisher.py", "1.16", name, "--alias", alias, "--alias", "both", "--verbose",
			"--nameserver", inside.address()))
	}
	viirs, modis := publish("viirs", long+"1"), publish("modis", long+"2")
	gate.relay(t, fmt.Sprintf(`
[[route]]
name = "gathered"
  [route.source]
  services = ["viirs", "modis"]
  nameservers = [%q]
  [route.sink]
  port = 9100
  announce_services = true
  nameservers = [%q]
  advertise = %q
`, inside.addressOn(near), outside.addressOn(far), gate.addressOn(far)))
	// What comes before the further port is bound goes out on the first one, whoever it is of.
	for _, port := range []string{"9100", "9101"} {
		known.WaitLine(0, `"publisher added"`, `"uri":"tcp://`+gate.addressOn(far)+":"+port+`"`)
	}

	for _, version := range versions {
		t.Run(string(version), func(t *testing.T) {
			look := func(names ...string) *testbed.Process {
				args := append([]string{string(version)}, names...)
				return outside.start(t, outside.peer(t, "subscriber.py", append(args, "--texts")...))
			}
			two, both, one := look("viirs", "modis"), look("both"), look("modis")
			for _, sub := range []*testbed.Process{two, both} {
				for _, pub := range []*testbed.Process{viirs, modis} {
					(&flow{pubs: []*testbed.Process{pub}, sub: sub}).awaitSome(t, 3)
				}
				once(t, sub)
			}
			(&flow{pubs: []*testbed.Process{modis}, sub: one}).awaitSome(t, 3)
			for _, text := range after(one.Lines(), receivedPrefix) {
				if strings.Contains(text, `"publisher": "viirs"`) {
					t.Errorf("who looks for modis got %s", text)
				}
			}
		})
	}
}

// awaitSome waits until so many messages of the publishers have arrived.
func (f *flow) awaitSome(t *testing.T, count int) {
	t.Helper()
	testbed.WaitFor(t, fmt.Sprint(count, " messages"), func() bool {
		sent := positions(f.sent())
		arrived := 0
		for _, text := range f.received() {
			if _, ok := sent[text]; ok {
				arrived++
			}
		}
		return arrived >= count
	})
}

// once checks that nothing has arrived twice.
func once(t *testing.T, sub *testbed.Process) {
	t.Helper()
	seen := make(map[string]bool)
	for _, text := range after(sub.Lines(), receivedPrefix) {
		if seen[text] {
			t.Errorf("arrived twice: %s", text)
		}
		seen[text] = true
	}
}
