package multicast_test

import (
	"context"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/multicast"
)

// BenchmarkSend and BenchmarkReceive are the two halves of an announcement over loopback.
func BenchmarkSend(b *testing.B) {
	s, _ := pair(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Send(b.Context(), announcement); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReceive(b *testing.B) {
	const burst = 100 // fits the smallest receive buffer
	s, r := pair(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for left := 0; b.Loop(); left-- {
		if left == 0 {
			b.StopTimer()
			for left < burst {
				if err := s.Send(ctx, announcement); err != nil {
					b.Fatal(err)
				}
				left++
			}
			b.StartTimer()
		}
		if _, _, err := r.Receive(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

var announcement = make([]byte, 250)

func pair(b *testing.B) (*multicast.Sender, *multicast.Receiver) {
	b.Helper()
	cfg := onLoopback(b)
	return sender(b, cfg), listen(b, cfg)
}
