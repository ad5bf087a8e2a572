package pubsub

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Announcements that are different each time do not fill the log.
func TestRefusalsDoNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r refusals
		lines := 0
		for i := range 10_000 {
			for _, uri := range []string{"tcp://h:1", fmt.Sprint("tcp://other:", i)} {
				if _, ok := r.first(uri, fmt.Errorf("it announces the server key %d", i)); ok {
					lines++
				}
			}
		}
		if lines != allBurst {
			t.Errorf("%d lines, want %d", lines, allBurst)
		}
		time.Sleep(allInterval)
		if leftOut, ok := r.first("tcp://h:2", fmt.Errorf("another")); !ok || leftOut != 20_000-allBurst {
			t.Errorf("got %t with %d left out, want a line with %d", ok, leftOut, 20_000-allBurst)
		}
		if _, ok := r.first("tcp://h:2", fmt.Errorf("another")); ok {
			t.Error("the same is logged again")
		}
	})
}
