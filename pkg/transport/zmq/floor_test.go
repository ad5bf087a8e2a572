package zmq

import (
	"math"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

func TestPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p, other pressure
		// flow is a second of a subscriber that takes in as much as that.
		flow := func(p *pressure, bytes int64) {
			const parts = 100
			for range parts {
				time.Sleep(time.Second / parts)
				p.add(bytes / parts)
			}
		}
		flow(&p, busyBytes/2)
		flow(&p, busyBytes/2)
		if p.floor != nil {
			t.Error("a subscriber with half of the bytes holds the floor")
		}
		for range 2 {
			flow(&p, 2*busyBytes)
			flow(&other, 2*busyBytes)
		}
		if p.floor == nil || p.floor != other.floor {
			t.Errorf("two busy subscribers hold %p and %p, want the same", p.floor, other.floor)
		}
		for range 3 {
			flow(&p, busyBytes/2)
		}
		if p.floor != nil {
			t.Error("the floor is held when the subscriber is not busy any more")
		}
	})
}

// TestPressureSpares: who has said how much memory the program may take gets no floor.
func TestPressureSpares(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}()
	if holdFloor() == nil {
		t.Error("there is none with the defaults")
	}
	debug.SetGCPercent(50)
	if holdFloor() != nil {
		t.Error("there is a floor with GOGC=50")
	}
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(1 << 30)
	if holdFloor() != nil {
		t.Error("there is a floor with GOMEMLIMIT=1GiB")
	}
}
