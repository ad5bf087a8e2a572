package zmq

import (
	"math/rand/v2"
	"time"
)

// pace says how often a peer is connected to that takes connections and does not keep them.
//
// Who tries again, and when:
//
//	nobody listens, no route      libzmq: after 100 ms, twice as long each time, up to a second (with more than a hundred publishers 10 ms for each
//	                              of them, 30 s at most; see reconnectMax), and up to 100 ms on top by chance. For ever, so that a
//	                              publisher that was down is found within about a second, however long it was
//	lost after it was stable      libzmq, after 100 to 200 ms: a publisher that is started again is back at once
//	lost before it was stable     we do. From one such connection to the next it takes the interval below, counted from the beginning of the first: a
//	                              peer that is gone for longer between two connections is not waited for
//	failed in the handshake       we do, at least once in a handshake interval; see trouble.pause
//
// libzmq begins at 100 ms again after each connection that TCP makes, whatever becomes of it, and would come back to a peer that drops it ten times a second
// for ever.
type pace struct {
	stable time.Duration // a connection that was up for so long is one that the peer keeps: those lost before it are forgotten
	first  time.Duration // interval after the first connection that was lost too soon; it doubles with each further one
	most   time.Duration // and ends here
}

// usualPace makes eight connections in the first minute to a peer that drops each at once, and then two or three a minute.
var usualPace = pace{stable: 30 * time.Second, first: 200 * time.Millisecond, most: 30 * time.Second}

// toldFlaps is after how many connections in a row that were lost too soon the log is told.
const toldFlaps = 5

// interval is the time between the beginnings of two connections, the first of which was the flaps-th in a row that was lost too soon: one half of it at
// least, the other by chance, so that the subscribers of one peer do not come back together.
func (p pace) interval(flaps int) time.Duration {
	d := p.first
	for range flaps - 1 {
		if d *= 2; d >= p.most {
			d = p.most
			break
		}
	}
	return d/2 + rand.N(d/2+1)
}

// lostAt takes in that a connection of cn that was up was lost, and returns how long to wait before the next one. Zero: libzmq is not too fast.
func (cn *conn) lostAt(now time.Time, p pace) time.Duration {
	if now.Sub(cn.up) >= p.stable {
		cn.flaps = 0
		return 0
	}
	cn.flaps++
	wait := p.interval(cn.flaps) - now.Sub(cn.opened)
	if wait <= reconnectInterval {
		return 0
	}
	return wait
}
