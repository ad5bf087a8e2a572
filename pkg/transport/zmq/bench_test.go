package zmq

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq/internal/rawzmq"
	"golang.org/x/sys/unix"
)

// The size of a typical file message, and what one round of a benchmark sends.
const (
	benchSize  = 748
	benchRound = 100_000
)

// benchPair is a publisher and a subscriber, each with a transport of its own as in two programs.
func benchPair(b *testing.B, queue int) (transport.Publisher, transport.Subscriber) {
	b.Helper()
	var ts [2]*Transport
	for i := range ts {
		t, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := t.Close(); err != nil {
				b.Error(err)
			}
		})
		ts[i] = t
	}
	e, err := transport.ParseEndpoint("tcp://127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	o := transport.SocketOptions{Queue: queue}
	p, err := ts[0].Publisher(transport.PublisherConfig{Endpoint: e, SocketOptions: o})
	if err != nil {
		b.Fatal(err)
	}
	s, err := ts[1].Subscriber(transport.SubscriberConfig{SocketOptions: o})
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range []error{s.Subscribe(""), s.Connect(transport.Address{Endpoint: p.Endpoint()}), p.WaitSubscribed(b.Context(), "", 1)} {
		if err != nil {
			b.Fatal(err)
		}
	}
	return p, s
}

// throughput sends n messages and returns how long it took until the last one was received.
func throughput(b *testing.B, p transport.Publisher, s transport.Subscriber, n int) time.Duration {
	done := make(chan time.Time)
	go func() {
		for got := 0; got < n; {
			frames, err := s.Receive(b.Context())
			if err != nil {
				b.Error(err)
				break
			}
			got += len(frames)
		}
		done <- time.Now()
	}()
	frame := make([]byte, benchSize)
	begin := time.Now()
	for range n {
		if err := p.Send(b.Context(), frame); err != nil {
			b.Fatal(err)
		}
	}
	return (<-done).Sub(begin)
}

// BenchmarkThroughput compares ours with C in rounds that take turns, since these machines drift.
func BenchmarkThroughput(b *testing.B) {
	p, s := benchPair(b, 2*benchRound+1000)
	var ours, raw, oursCPU, rawCPU []float64
	for b.Loop() {
		before := cpuTime(b)
		d, err := rawzmq.Throughput(benchRound, benchSize)
		if err != nil {
			b.Fatal(err)
		}
		between := cpuTime(b)
		raw = append(raw, benchRound/d.Seconds())
		ours = append(ours, benchRound/throughput(b, p, s, benchRound).Seconds())
		rawCPU = append(rawCPU, (between-before).Seconds()*1e6/benchRound)
		oursCPU = append(oursCPU, (cpuTime(b)-between).Seconds()*1e6/benchRound)
	}
	b.ReportMetric(median(ours), "msg/s")
	b.ReportMetric(median(raw), "C-msg/s")
	b.ReportMetric(median(ours)/median(raw), "of-C")
	b.ReportMetric(median(oursCPU), "µs-cpu/msg")
	b.ReportMetric(median(rawCPU), "C-µs-cpu/msg")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDelay measures from Send to the return of Receive, at about 1000 messages a second.
func BenchmarkDelay(b *testing.B) {
	p, s := benchPair(b, 0)
	const n, gap = 500, time.Millisecond
	var ours, raw []time.Duration
	start := time.Now()
	for b.Loop() {
		d, err := rawzmq.Delays(n, benchSize, gap)
		if err != nil {
			b.Fatal(err)
		}
		raw = append(raw, d...)
		ours = append(ours, delays(b, p, s, n, gap, start)...)
	}
	slices.Sort(ours)
	slices.Sort(raw)
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.5}, {"p99", 0.99}} {
		b.ReportMetric(float64(ours[int(q.at*float64(len(ours)))].Nanoseconds())/1000, q.name+"-µs")
		b.ReportMetric(float64(raw[int(q.at*float64(len(raw)))].Nanoseconds())/1000, "C-"+q.name+"-µs")
	}
	b.ReportMetric(0, "ns/op")
}

func delays(b *testing.B, p transport.Publisher, s transport.Subscriber, n int, gap time.Duration, start time.Time) []time.Duration {
	done := make(chan []time.Duration)
	go func() {
		var ds []time.Duration
		for len(ds) < n {
			frames, err := s.Receive(b.Context())
			if err != nil {
				b.Error(err)
				break
			}
			for _, f := range frames {
				ds = append(ds, time.Since(start)-time.Duration(binary.NativeEndian.Uint64(f.Body)))
			}
		}
		done <- ds
	}()
	frame := make([]byte, benchSize)
	for range n {
		time.Sleep(gap)
		binary.NativeEndian.PutUint64(frame, uint64(time.Since(start)))
		if err := p.Send(b.Context(), frame); err != nil {
			b.Fatal(err)
		}
	}
	return <-done
}

// cpuTime is what this process has used of all processors. Unlike the time that passes it does not depend on what else
// the machine does.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

// BenchmarkRequest is a question with a connection of its own and its answer.
func BenchmarkRequest(b *testing.B) {
	t, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	r, err := t.Replier(transport.ReplierConfig{Endpoint: endpoint(b, "tcp://127.0.0.1:0")})
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		for {
			requests, err := r.Receive(context.Background())
			if err != nil {
				return
			}
			for _, q := range requests {
				if err := r.Reply(q, q.Body); err != nil {
					b.Error(err)
				}
			}
		}
	}()
	to := transport.Address{Endpoint: r.Endpoint()}
	for b.Loop() {
		if _, err := t.Request(b.Context(), to, make([]byte, 100), transport.SocketOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
