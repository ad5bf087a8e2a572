package relay_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// site is a program over real sockets.
type site struct {
	testing.TB
	network transport.Transport
	node    *pubsub.Node
}

func newSite(tb testing.TB) site {
	tb.Helper()
	network, err := zmq.New(zmq.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := network.Close(); err != nil {
			tb.Errorf("close transport: %v", err)
		}
	})
	node, err := pubsub.New(pubsub.Options{Transport: network, Logger: zaptest.NewLogger(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	return site{tb, network, node}
}

func (s site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s site) closed(c interface{ Close() error }) {
	if err := c.Close(); err != nil {
		s.Errorf("close: %v", err)
	}
}

func (s site) publisher() *pubsub.Publisher {
	s.Helper()
	pub, err := s.node.Publisher(pubsub.PublisherOptions{Address: "tcp://127.0.0.1:0", Announce: pubsub.AnnounceNone, Queue: flight, Lax: true})
	s.must(err)
	s.Cleanup(func() { s.closed(pub) })
	return pub
}

// subscriber makes one that is connected to the sink of a route.
func (s site) subscriber(r *relay.Relay, route string) *pubsub.Subscriber {
	s.Helper()
	at, _, err := r.Endpoint(route)
	s.must(err)
	sub, err := s.node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(at.String()), Topics: []string{message.Magic}, Queue: flight})
	s.must(err)
	s.Cleanup(func() { s.closed(sub) })
	testbed.WaitFor(s, "the subscriber", func() bool { return r.Stats().Subscribers > 0 })
	return sub
}

// relay runs one until the test ends.
func (s site) relay(routes ...relay.Route) *relay.Relay {
	s.Helper()
	return s.relayLogging(zaptest.NewLogger(s), routes...)
}

func (s site) relayLogging(log *zap.Logger, routes ...relay.Route) *relay.Relay {
	s.Helper()
	r, err := relay.New(configOf(routes...), relay.Options{Transport: s.network, Logger: log})
	s.must(err)
	s.must(r.Listen(s.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, relay.Hooks{}) }()
	s.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, r.Close()); err != nil {
			s.Errorf("relay: %v", err)
		}
	})
	return r
}

// flight is the number of messages under way at most, so that no queue is ever full.
const flight = 20_000

func (s site) route(name string, pubs ...*pubsub.Publisher) relay.Route {
	route := relay.Route{Name: name, Source: relay.SourceConfig{Queue: flight},
		Sink: relay.SinkConfig{Address: "tcp://127.0.0.1:0", Announce: "none", Queue: flight}}
	for _, pub := range pubs {
		route.Source.Addresses = append(route.Source.Addresses, pub.Endpoint().String())
	}
	return route
}

func TestOverZeroMQ(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pub := s.publisher()
	toIPC := s.route("ipc", pub)
	toIPC.Sink.Address = "ipc://" + filepath.Join(t.TempDir(), "x.ipc")
	r := s.relay(s.route("tcp", pub), toIPC)
	subs := []*pubsub.Subscriber{s.subscriber(r, "tcp"), s.subscriber(r, "ipc")}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s.must(pub.WaitSubscribed(ctx, "/a", 1))
	testbed.WaitFor(t, "both subscribers", func() bool { return r.Stats().Subscribers == 2 })
	const n = 500
	for i := range n {
		s.must(pub.SendText(ctx, text(fmt.Sprintf("/%d", i), fmt.Sprint("number ", i))))
	}
	for _, sub := range subs {
		for i := range n {
			m, err := sub.Receive(ctx)
			s.must(err)
			if want := text(fmt.Sprintf("/%d", i), fmt.Sprint("number ", i)); m.String() != want {
				t.Fatalf("got %s, want %s", m, want)
			}
		}
	}
	for _, route := range r.Stats().Routes {
		if route.Publishers != 1 || route.Subscribers != 1 || route.Sent != n {
			t.Errorf("counters: %+v", route)
		}
	}
}

// BenchmarkRelay carries messages of 748 bytes, as many at once as the queues hold.
func BenchmarkRelay(b *testing.B) {
	for _, bench := range []struct {
		name  string
		route func(*relay.Route)
	}{
		{"pass", func(*relay.Route) {}},
		{"pass without memory of loops", func(r *relay.Route) { r.Loops = relay.LoopsPass }},
		{"header rules", func(r *relay.Route) {
			r.Steps = []step.Config{
				{Keep: &step.Match{Subject: []string{"/segment/**"}, Type: []string{"file", "dataset"}}},
				{Rename: &step.Rename{Prefix: map[string]string{"/segment": "/test/segment"}}},
			}
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := newSite(b)
			pub := s.publisher()
			route := s.route("bench", pub)
			bench.route(&route)
			r := s.relay(route)
			sub := s.subscriber(r, "bench")
			s.must(pub.WaitSubscribed(b.Context(), "/a", 1))
			b.SetBytes(748)
			b.ReportAllocs()
			batch := make([]pubsub.Received, 0, 1000)
			under := 0
			for b.Loop() {
				s.must(pub.SendFrame(b.Context(), benchFrame(b)))
				for under++; under >= flight/2; {
					got, err := sub.ReceiveBatch(b.Context(), batch)
					s.must(err)
					under -= len(got)
				}
			}
		})
	}
}

var benchTime = time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC)

// benchFrame makes a message that is not the same as any before.
func benchFrame(tb testing.TB) []byte {
	benchTime = benchTime.Add(time.Microsecond)
	frame := fmt.Appendf(make([]byte, 0, 748), "pytroll://segment/SDR/1B/nrk/prod/polar/direct_readout file safuser@lxserv1131.smhi.se %s v1.01 application/json {\"uid\": \"",
		benchTime.Format("2006-01-02T15:04:05.000000"))
	for len(frame) < 746 {
		frame = append(frame, 'x')
	}
	return append(frame, "\"}"...)
}
