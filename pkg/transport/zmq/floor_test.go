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
		p, other := newPressure(), newPressure()
		// flow is a second of a subscriber that takes in as much as that.
		flow := func(p *pressure, bytes int64) {
			const parts = 100
			for range parts {
				time.Sleep(time.Second / parts)
				p.add(bytes / parts)
			}
		}
		held := func(p *pressure) *floor { return p.floor.Load() }
		flow(p, busyBytes/2)
		flow(p, busyBytes/2)
		if held(p) != nil {
			t.Error("a subscriber with half of the bytes holds the floor")
		}
		for range 2 {
			flow(p, 2*busyBytes)
			flow(other, 2*busyBytes)
		}
		if held(p) == nil || held(p) != held(other) {
			t.Errorf("two busy subscribers hold %p and %p, want the same", held(p), held(other))
		}
		time.Sleep(floorRest / 2)
		flow(p, 2*busyBytes)
		flow(p, busyBytes/2)
		time.Sleep(floorRest / 2)
		if held(p) == nil || held(other) != nil {
			t.Errorf("one that has been busy lately and one that has not hold %p and %p, want it and nothing", held(p), held(other))
		}
		for range floorRest / time.Second {
			flow(p, busyBytes/2)
		}
		if held(p) != nil {
			t.Error("the floor is held when the subscriber has not been busy for long")
		}
		flow(p, 2*busyBytes)
		p.stop()
		if held(p) != nil {
			t.Error("the floor is held when the subscriber has ended")
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
