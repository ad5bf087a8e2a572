package zmq

import (
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestSpell: what is estimated from what was sent, and what the kernel has taken, of messages of 100 bytes on the wire and a queue of 1000.
func TestSpell(t *testing.T) {
	t.Parallel()
	const queue, size = 1000, 100
	for name, tt := range map[string]struct {
		certain, unknown bool
		sent, taken      int // messages
		settled          bool
		wantCertain      bool
		want             uint64
	}{
		"nothing is taken":                  {certain: true, sent: 5000, wantCertain: true, want: 5000},
		"some is taken":                     {certain: true, sent: 5000, taken: 3000, wantCertain: true, want: 2000},
		"queue and some were taken":         {certain: true, sent: 5000, taken: 3000, settled: true, wantCertain: true, want: 2750},
		"queue was taken":                   {certain: true, sent: 5000, taken: 750, settled: true, wantCertain: true, want: 5000},
		"never more than was sent":          {certain: true, sent: 100, settled: true, wantCertain: true, want: 100},
		"waits in the queue":                {certain: true, sent: 500, taken: 1250, settled: true, wantCertain: true, want: 0},
		"less than a queue, not certain":    {sent: 900},
		"all of it taken, not certain":      {sent: 5000, taken: 5000, settled: true},
		"more than a queue, so it is it":    {sent: 5000, wantCertain: true, want: 4500},
		"the kernel does not tell":          {certain: true, unknown: true, sent: 5000, wantCertain: true, want: 0},
		"the kernel does not tell, settled": {certain: true, unknown: true, sent: 5000, settled: true, wantCertain: true, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &spell{queue: queue, estimated: true, now: progress{written: 12345, counted: !tt.unknown}}
			s.restart()
			if tt.certain {
				s.begin(time.Now())
			}
			for range tt.sent {
				s.sent.add(size)
			}
			s.now.written += uint64(tt.taken) * size
			if tt.settled {
				s.settle()
			} else {
				s.estimate()
			}
			if s.certain != tt.wantCertain || s.lost != tt.want {
				t.Errorf("certain %t, lost %d: want %t, %d", s.certain, s.lost, tt.wantCertain, tt.want)
			}
		})
	}
}

// TestWireBytes: heads of ZMTP 3.0 (RFC 23) and CurveZMQ (RFC 26).
func TestWireBytes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		size    int
		backend transport.Backend
		want    int
	}{
		{0, transport.Plain, 2}, {255, transport.Plain, 257}, {256, transport.Plain, 265},
		{0, transport.Secure, 35}, {222, transport.Secure, 257}, {223, transport.Secure, 265},
	} {
		if got := wireBytes(tt.size, tt.backend); got != tt.want {
			t.Errorf("%d bytes, %s: got %d, want %d", tt.size, tt.backend, got, tt.want)
		}
	}
}
