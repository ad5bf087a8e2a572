package relay

import (
	"math/bits"
	"sync"
	"time"
)

// delays counts how old messages are when they leave, in classes that are an eighth wide at most, of the last one to two minutes.
type delays struct {
	mu    sync.Mutex
	began time.Time // the younger minute
	both  [2]delayCounts
	young int // which of the two is the younger one
}

// delayCounts counts by class.
type delayCounts struct {
	total uint64
	class [delayClasses]uint32
}

const (
	delayPeriod  = time.Minute
	delayClasses = 45 * 8 // microseconds up to 2^45, which is a year
)

// add counts the delays of messages that leave now; a clock that is behind makes them 0.
func (d *delays) add(messages []outNote, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn(now)
	c := &d.both[d.young]
	c.total += uint64(len(messages))
	for _, m := range messages {
		c.class[delayClass(now.Sub(m.written))]++
	}
}

func (d *delays) turn(now time.Time) {
	age := now.Sub(d.began)
	if age < delayPeriod {
		return
	}
	if age >= 2*delayPeriod {
		d.both[d.young] = delayCounts{}
	}
	d.young = 1 - d.young
	d.both[d.young] = delayCounts{}
	d.began = now
}

// quantiles returns the delays that a part q of the messages had at most; 0 where there were none.
func (d *delays) quantiles(now time.Time, qs ...float64) []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn(now)
	found := make([]time.Duration, len(qs))
	total := d.both[0].total + d.both[1].total
	if total == 0 {
		return found
	}
	for i, q := range qs {
		rest := uint64(q * float64(total))
		for class := range delayClasses {
			n := uint64(d.both[0].class[class]) + uint64(d.both[1].class[class])
			if n > rest {
				found[i] = delayOf(class)
				break
			}
			rest -= n
		}
	}
	return found
}

// delayClass returns the class of a delay: the place of the highest bit, and the three bits behind it.
func delayClass(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	if us < 8 {
		return int(us)
	}
	high := bits.Len64(us) - 1 // at least 3
	class := (high-2)*8 + int(us>>(high-3)&7)
	return min(class, delayClasses-1)
}

// delayOf returns the lowest delay of a class.
func delayOf(class int) time.Duration {
	if class < 8 {
		return time.Duration(class) * time.Microsecond
	}
	high := class/8 + 2
	return time.Duration(uint64(8|class%8)<<(high-3)) * time.Microsecond
}
