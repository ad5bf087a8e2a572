package testbed

import (
	"testing"
	"time"
)

// Patience is how long tests wait for what should come at once: long enough for a machine with eight times the load it can
// bear.
const Patience = 20 * time.Second

// HeavyPatience is how long tests wait for programs that take seconds also where nothing else runs: a browser, a Prometheus.
const HeavyPatience = 6 * Patience

// WaitFor waits until condition holds and fails the test, naming what it waited for, when that takes longer than Patience. In
// a synctest bubble use synctest.Wait.
func WaitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	WaitUpTo(t, Patience, what, condition)
}

// WaitUpTo is [WaitFor] with another limit.
func WaitUpTo(t testing.TB, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %s for %s", limit, what)
		}
	}
}
