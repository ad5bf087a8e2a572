package pubsub

import (
	"time"

	"go.uber.org/zap"
)

// budget bounds the lines of the log that others can bring about, by announcements and handshakes that are different each time: burst lines at once, and one
// each interval. The zero value has spent all of its burst at a time long ago: it is full.
type budget struct {
	spent   int
	since   time.Time // when spent was right
	leftOut uint64    // lines, since one was written
}

// allow tells whether a line may be written, and how many were left out before.
func (b *budget) allow(burst int, interval time.Duration) (leftOut uint64, ok bool) {
	now := time.Now()
	if n := int(now.Sub(b.since) / interval); n >= b.spent {
		b.spent, b.since = 0, now
	} else {
		b.spent, b.since = b.spent-n, b.since.Add(time.Duration(n)*interval)
	}
	if b.spent >= burst {
		b.leftOut++
		return 0, false
	}
	b.spent++
	leftOut, b.leftOut = b.leftOut, 0
	return leftOut, true
}

// left is the field of a line that tells how many were left out before it.
func left(n uint64) zap.Field {
	if n == 0 {
		return zap.Skip()
	}
	return zap.Uint64("left_out", n)
}

// How much is logged of publishers that can't be used, and of failed handshakes: of one publisher, and of all.
const (
	peerBurst    = 5
	peerInterval = 10 * time.Minute
	allBurst     = 100
	allInterval  = 6 * time.Second
)
