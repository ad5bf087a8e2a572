package monitor

import (
	"testing"
	"testing/synctest"
	"time"
)

// A daemon whose loops do not go round any more is not well; one that has yet to begin is.
func TestHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h Health
		check := func(want bool) {
			t.Helper()
			if got := h.Well(); got != want {
				t.Errorf("well: %t, want %t", got, want)
			}
		}
		check(true)
		h.Beat()
		time.Sleep(beatLimit - 1)
		check(true)
		time.Sleep(time.Nanosecond)
		check(false)
		h.Beat()
		check(true)
	})
}

func TestInterval(t *testing.T) {
	t.Parallel()
	var h Health
	for watched, want := range map[time.Duration]time.Duration{0: beatEvery, time.Minute: beatEvery, time.Second: time.Second} {
		if got := h.Interval(watched); got != want {
			t.Errorf("watched each %s: %s, want %s", watched, got, want)
		}
	}
}
