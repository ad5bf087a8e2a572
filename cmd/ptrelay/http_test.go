package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// A relay whose loops do not go round any more is not well; one that has yet to begin is.
func TestHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h health
		check := func(want bool) {
			t.Helper()
			if got := h.well(time.Now()); got != want {
				t.Errorf("well: %t, want %t", got, want)
			}
		}
		check(true)
		h.beats()
		time.Sleep(beatLimit - 1)
		check(true)
		time.Sleep(time.Nanosecond)
		check(false)
		h.beats()
		check(true)
	})
}
