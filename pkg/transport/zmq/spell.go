package zmq

import (
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// spell is a time in which a subscriber loses messages, or may.
//
// libzmq does not tell what it drops. But what a subscriber was sent, less what the kernel has taken over for it, less what its queue holds, is what it lost. A queue
// that has just run full holds a known number of messages, and none when the subscriber has caught up. In between it is held for full: so the estimate is a little late
// while the subscriber catches up, and what only waits is never counted.
//
// How exact that is: libzmq's I/O thread gives room back in halves of the queue, so one that counts as full holds between half of its limit and all of it. Three
// quarters are what is reckoned with, and a spell is wrong by a quarter of the limit at most. Beside that messages are held for ones of the average size.
type spell struct {
	c         *clientConn
	fd        int
	queue     int // messages, its limit
	estimated bool

	since   time.Time
	certain bool     // it has lost something; otherwise it may have been another one
	short   int      // messages that its queue lacked to be full at the beginning
	sent    tally    // that it should have got since
	start   progress // at the beginning
	now     progress
	lost    uint64 // estimate

	refilled uint64 // bytes written when the queue ran full last
	last     struct {
		sent    tally
		written uint64
	} // at the look before
	calmSince time.Time // that nothing waits; zero: something does
}

// tally counts messages and their bytes on the wire.
type tally struct{ messages, bytes uint64 }

func (t *tally) add(bytes int) {
	t.messages++
	t.bytes += uint64(bytes)
}

const (
	// maxEstimated bounds the spells in which each message is looked at; the subscribers of others are slow, and what they lose is not known.
	maxEstimated = 64
	// maxTopicSizes bounds the sizes of topics that a message is looked up with.
	maxTopicSizes = 32
	// calmTime is how long nothing must wait until a subscriber has caught up.
	calmTime = time.Second
	// encoderBytes is what libzmq takes from the queue in one go and may hold before it is written, on average (half of its out_batch_size).
	encoderBytes = 4 << 10
)

// wireBytes is what a message of size bytes takes on the wire: ZMTP 3.0 has a head of 2 or 9 bytes, CURVE puts the message into a command
// (a name of 8 bytes, a short nonce of 8, an authenticator of 16 and flags of 1).
func wireBytes(size int, backend transport.Backend) int {
	if backend == transport.Secure {
		size += 33
	}
	if size > 255 {
		return size + 9
	}
	return size + 2
}

// begin makes this the moment at which the queue is known to have run full.
func (s *spell) begin(now time.Time) {
	s.certain, s.short, s.since = true, 0, now
	s.restart()
}

// restart counts from now on.
func (s *spell) restart() {
	s.sent, s.lost, s.start, s.refilled, s.calmSince = tally{}, 0, s.now, s.now.written, time.Time{}
	s.last.sent, s.last.written = s.sent, s.now.written
}

// average is the size of a message on the wire, at least 1.
func (s *spell) average() uint64 {
	return max(s.sent.bytes/max(s.sent.messages, 1), 1)
}

// missing is how many messages of those that were sent the kernel has not taken over. What was in the queue at the beginning it takes over first, so it may be negative.
func (s *spell) missing() int {
	return (int(s.sent.bytes) - int(s.now.written-s.start.written)) / int(s.average())
}

// full is how many messages a queue holds that counts as full, with what libzmq has taken out of it and could not write.
func (s *spell) full() int {
	n := s.queue - s.queue/4
	if s.start.unsent > 0 {
		n += int(encoderBytes / s.average())
	}
	return n
}

// knows tells whether there is anything to estimate by.
func (s *spell) knows() bool { return s.estimated && s.start.counted && s.now.counted }

// estimate takes in how things are while the queue may be full. It tells whether that has made the spell certain.
func (s *spell) estimate() (proven bool) {
	if !s.knows() {
		return false
	}
	if !s.certain {
		// More is missing than any queue could hold. What it held at the beginning is not known: half.
		if s.missing() <= s.full()+s.queue/4 {
			return false
		}
		s.certain, s.short, proven = true, s.queue/2, true
	}
	s.raise(s.missing() - s.short)
	return proven
}

// settle is estimate when the queue is empty.
func (s *spell) settle() {
	if s.knows() && s.certain {
		s.raise(s.missing() - s.short + s.full())
	}
}

// raise lets the estimate grow: it never shrinks, and never exceeds what was sent.
func (s *spell) raise(lost int) {
	if lost > int(s.lost) {
		s.lost = min(uint64(lost), s.sent.messages)
	}
}

// refills tells whether it may be this queue that has run full: it had before, and half of it, or nearly, has left since.
func (s *spell) refills() bool {
	if !s.certain || s.knows() && s.now.written-s.refilled < uint64(s.queue)*s.average()/4 {
		return false
	}
	s.refilled = s.now.written
	return true
}

// calm takes in a look, and tells whether the subscriber has caught up: for a while nothing has waited, and what was sent has left.
func (s *spell) calm(now time.Time) bool {
	sent, left := s.sent.bytes-s.last.sent.bytes, s.now.written-s.last.written
	s.last.sent, s.last.written = s.sent, s.now.written
	if s.now.unsent > 0 || s.knows() && sent > left+uint64(s.queue)*s.average()/2 {
		s.calmSince = time.Time{}
		return false
	}
	if s.calmSince.IsZero() {
		s.calmSince = now
	}
	return now.Sub(s.calmSince) >= calmTime
}

// slowness is what a client's subscriber has to do with it.
func (s *spell) slowness() transport.Slowness {
	if s == nil || !s.certain {
		return transport.Slowness{}
	}
	return transport.Slowness{Since: s.since, Episodes: 1, LostEstimate: s.lost}
}
