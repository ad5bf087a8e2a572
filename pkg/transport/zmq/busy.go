package zmq

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// busyGap is the time from one request to the next up to which a replier is busy.
	busyGap = 2 * time.Millisecond
	// napTime is how long a busy one waits with a thread of its own.
	napTime = time.Millisecond
	// napsTime is how long it may do so without the scheduler having a turn, which takes its processor away after 10 ms, and from then on in each nap.
	napsTime = 5 * time.Millisecond
)

// busy tells whether a receiver keeps a thread for the moment until more comes. In Go's network poller a request wakes a thread that looks for work, that wakes the monitor of
// the scheduler as soon as it calls libzmq, and both look for more to do before they sleep again: together that takes longer than the answer. A nap is a system call that is not over
// yet, and wakes that thread alone.
type busy struct {
	now     bool
	last    time.Time // when something came
	yielded time.Time // when the scheduler had a turn
}

// napping is whether somebody naps. There is one at most, so that the others have a processor left, and none where there is one processor.
var napping atomic.Bool

// note notes that something came.
func (b *busy) note(now time.Time) {
	b.now = now.Sub(b.last) < busyGap
	b.last = now
}

// nap waits for a moment, and tells whether it did.
func (b *busy) nap(a *alarm) bool {
	if !canNap || !b.now || runtime.GOMAXPROCS(0) < 2 || !napping.CompareAndSwap(false, true) {
		return false
	}
	defer napping.Store(false)
	a.nap(napTime)
	now := time.Now()
	b.now = now.Sub(b.last) < busyGap
	if now.Sub(b.yielded) > napsTime {
		b.yielded = now
		runtime.Gosched()
	}
	return true
}
