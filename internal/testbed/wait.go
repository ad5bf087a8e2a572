package testbed

import (
	"testing"
	"time"
)

// Patience is how long tests wait for what should come at once: long enough for a machine with eight times the load it can
// bear.
const Patience = 20 * time.Second

// WaitFor waits until condition holds and fails the test, naming what it waited for, when that takes longer than Patience. In
// a synctest bubble use synctest.Wait.
func WaitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(Patience)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %s for %s", Patience, what)
		}
	}
}
