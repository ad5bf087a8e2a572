package zmq

import (
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

const (
	// mostOwed bounds the bytes of welcomes that wait for subscribers, of all of a publisher together: what goes to one alone is copied for it, so those who ask
	// and do not read would fill the memory. A single welcome may be larger.
	mostOwed = 256 << 20
	// stuckTime is how long a subscriber may take nothing of its welcome while others wait for room.
	stuckTime = 10 * time.Second
)

// owed is what subscribers have not taken yet of their welcomes. It is known as far as the kernel tells what it has taken over; over ipc, where it does not, a
// subscriber has taken all when it has read all.
type owed struct {
	most  int64
	stuck time.Duration
	debts map[int]*debt // by descriptor
	total int64
}

// debt is that to one connection.
type debt struct {
	c     *clientConn
	given int64
	start uint64 // bytes that the kernel had taken over before
	left  int64
	moved time.Time // when some of it was taken, or more was given
}

func newOwed() owed { return owed{most: mostOwed, stuck: stuckTime, debts: make(map[int]*debt)} }

// room tells whether size bytes more may wait, and cuts who keeps others waiting.
func (o *owed) room(size int64, now time.Time, cut func(fd int, c *clientConn)) bool {
	if o.total+size <= o.most {
		return true
	}
	o.settle(now)
	for o.total > 0 && o.total+size > o.most {
		fd, d := o.oldest()
		if now.Sub(d.moved) < o.stuck {
			return false
		}
		cut(fd, d.c)
		o.forget(fd)
	}
	return true
}

// oldest is who has taken nothing for longest.
func (o *owed) oldest() (fd int, oldest *debt) {
	for at, d := range o.debts {
		if oldest == nil || d.moved.Before(oldest.moved) {
			fd, oldest = at, d
		}
	}
	return fd, oldest
}

// give notes what c has been given.
func (o *owed) give(fd int, c *clientConn, size int64, now time.Time) {
	d := o.debts[fd]
	if d == nil || d.c != c {
		o.forget(fd)
		at, _ := progressOf(fd, c.id)
		d = &debt{c: c, start: at.written}
		o.debts[fd] = d
	}
	d.given, d.left, d.moved = d.given+size, d.left+size, now
	o.total += size
}

// settle finds out what has been taken.
func (o *owed) settle(now time.Time) {
	for fd, d := range o.debts {
		at, ok := progressOf(fd, d.c.id)
		left := int64(0)
		switch {
		case !ok: // it has gone
		case at.counted:
			left = max(d.given-int64(at.written-d.start), 0)
		case at.unsent > 0:
			left = d.left
		}
		if left < d.left {
			o.total -= d.left - left
			d.left, d.moved = left, now
		}
		if left == 0 {
			delete(o.debts, fd)
		}
	}
}

func (o *owed) forget(fd int) {
	if d := o.debts[fd]; d != nil {
		o.total -= d.left
		delete(o.debts, fd)
	}
}

// owedBytes is what frames take on the wire.
func owedBytes(frames [][]byte, backend transport.Backend) int64 {
	var sum int64
	for _, f := range frames {
		sum += int64(wireBytes(len(f), backend))
	}
	return sum
}
