package pubsub

import (
	"fmt"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// BenchmarkNote is what silent publishers cost for each message of a batch: of one publisher, and of many whose messages come in turns.
func BenchmarkNote(b *testing.B) {
	for _, publishers := range []int{1, 100} {
		b.Run(fmt.Sprint(publishers), func(b *testing.B) {
			s, src, log := newSilence(3), &source{}, zap.NewNop()
			var beats, frames []transport.Frame
			for i := range publishers {
				from, err := transport.ParseEndpoint(fmt.Sprint("tcp://10.0.0.1:", 9000+i))
				if err != nil {
					b.Fatal(err)
				}
				beats = append(beats, transport.Frame{From: from,
					Body: []byte(`pytroll://heartbeat/a beat a@b 2026-01-01T00:00:00 v1.01 application/json {"min_interval": 10}`)})
			}
			for i := range 100 {
				frames = append(frames, transport.Frame{From: beats[i%publishers].From, Body: []byte("pytroll://segment/SDR/1B/nrk/prod file a@b 2026-01-01T00:00:00 v1.01")})
			}
			now := time.Now()
			s.note(log, src, beats, now)
			if len(s.promises) != publishers {
				b.Fatalf("%d promises, want %d", len(s.promises), publishers)
			}
			for b.Loop() {
				s.note(log, src, frames, now)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(frames)), "ns/message")
		})
	}
}
