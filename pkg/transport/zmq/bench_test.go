package zmq

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq/internal/rawzmq"
	"golang.org/x/sys/unix"
)

// The size of a typical file message, and what one round of a benchmark sends.
const (
	benchSize  = 748
	benchRound = 100_000
)

// benchPair is a publisher and a subscriber of that backend, each with a transport of its own as in two programs.
func benchPair(b *testing.B, queue int, backend transport.Backend) (transport.Publisher, transport.Subscriber) {
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
	security, client := benchKeys(b, backend)
	o := transport.SocketOptions{Queue: queue, ClientKey: client}
	p, err := ts[0].Publisher(transport.PublisherConfig{Endpoint: e, Backend: backend, Security: security, SocketOptions: o})
	if err != nil {
		b.Fatal(err)
	}
	s, err := ts[1].Subscriber(transport.SubscriberConfig{SocketOptions: o})
	if err != nil {
		b.Fatal(err)
	}
	to := transport.Address{Endpoint: p.Endpoint(), Backend: backend, ServerKeys: curve.NewPublicKeys(security.Key.Public)}
	for _, err := range []error{s.Subscribe(""), s.Connect(to), p.WaitSubscribed(b.Context(), "", 1)} {
		if err != nil {
			b.Fatal(err)
		}
	}
	return p, s
}

// benchKeys returns the security of a server, and the key of a client that it admits. They are zero where the backend needs none.
func benchKeys(b *testing.B, backend transport.Backend) (transport.ServerSecurity, curve.KeyPair) {
	b.Helper()
	if backend == transport.Plain {
		return transport.ServerSecurity{}, curve.KeyPair{}
	}
	client := transporttest.NewKey(b)
	gate := transporttest.NewGate().Admit("bench", client.Public)
	return transport.ServerSecurity{Key: transporttest.NewKey(b), Gate: gate}, client
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

// rounds are those of one that takes part in a comparison.
type rounds struct {
	rates []float64 // messages per second
	costs []float64 // microseconds of all processors for a message
}

// add runs a round of benchRound messages.
func (r *rounds) add(b *testing.B, run func() time.Duration) {
	before := cpuTime(b)
	took := run()
	r.rates = append(r.rates, benchRound/took.Seconds())
	r.costs = append(r.costs, (cpuTime(b)-before).Seconds()*1e6/benchRound)
}

func (r *rounds) report(b *testing.B, name string) {
	b.ReportMetric(median(r.rates), name+"msg/s")
	b.ReportMetric(median(r.costs), name+"µs-cpu/msg")
}

// BenchmarkThroughput compares ours with C in rounds that take turns, since these machines drift.
func BenchmarkThroughput(b *testing.B) {
	p, s := benchPair(b, 2*benchRound+1000, transport.Plain)
	var ours, raw rounds
	for b.Loop() {
		raw.add(b, func() time.Duration { return rawThroughput(b, rawzmq.Throughput) })
		ours.add(b, func() time.Duration { return throughput(b, p, s, benchRound) })
	}
	ours.report(b, "")
	raw.report(b, "C-")
	b.ReportMetric(median(ours.rates)/median(raw.rates), "of-C")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSecureThroughput compares CURVE with C doing the same, and with our own plain sockets.
func BenchmarkSecureThroughput(b *testing.B) {
	const queue = 2*benchRound + 1000
	plainPub, plainSub := benchPair(b, queue, transport.Plain)
	pub, sub := benchPair(b, queue, transport.Secure)
	var ours, plain, raw rounds
	for b.Loop() {
		raw.add(b, func() time.Duration { return rawThroughput(b, rawzmq.SecureThroughput) })
		ours.add(b, func() time.Duration { return throughput(b, pub, sub, benchRound) })
		plain.add(b, func() time.Duration { return throughput(b, plainPub, plainSub, benchRound) })
	}
	ours.report(b, "")
	raw.report(b, "C-")
	plain.report(b, "plain-")
	b.ReportMetric(median(ours.rates)/median(raw.rates), "of-C")
	b.ReportMetric(median(ours.rates)/median(plain.rates), "of-plain")
	b.ReportMetric(0, "ns/op")
}

func rawThroughput(b *testing.B, run func(n, size int) (time.Duration, error)) time.Duration {
	d, err := run(benchRound, benchSize)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkDelay measures from Send to the return of Receive, at about 1000 messages a second.
func BenchmarkDelay(b *testing.B) {
	p, s := benchPair(b, 0, transport.Plain)
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
func cpuTime(b testing.TB) time.Duration {
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
	for _, backend := range []transport.Backend{transport.Plain, transport.Secure} {
		b.Run(string(backend), func(b *testing.B) { benchRequest(b, backend) })
	}
}

func benchRequest(b *testing.B, backend transport.Backend) {
	t, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	security, client := benchKeys(b, backend)
	r, err := t.Replier(transport.ReplierConfig{Endpoint: endpoint(b, "tcp://127.0.0.1:0"), Backend: backend, Security: security})
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
	to := transport.Address{Endpoint: r.Endpoint(), Backend: backend, ServerKeys: curve.NewPublicKeys(security.Key.Public)}
	for b.Loop() {
		if _, err := t.Request(b.Context(), to, make([]byte, 100), transport.SocketOptions{ClientKey: client}); err != nil {
			b.Fatal(err)
		}
	}
}
