package relay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// What a subscriber does not get is counted for the routes of the sink, once in the sum, and told of that subscriber.
func TestSlowSubscriber(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		a, b := route("a", 9100, uri(1, 9000)), route("b", 0)
		a.Sink.Queue = 2
		b.Source, b.Sink = relay.SourceConfig{SameAs: "a"}, relay.SinkConfig{SameAs: "a"}
		b.Source.Topics = []string{"/other"}
		r := w.relay(2, a, b)
		slow, err := w.network.Transport(host(3)).Subscriber(transport.SubscriberConfig{MaxQueued: 1, SocketOptions: transport.SocketOptions{Queue: 1}})
		w.must(err)
		at, err := transport.ParseEndpoint(uri(2, 9100))
		w.must(err)
		w.must(errors.Join(slow.Subscribe(""), slow.Connect(transport.Address{Endpoint: at, Backend: transport.Plain})))
		sleep(time.Second)
		for range 10 {
			w.send(pub, text("/a", "x"+time.Now().String()))
			sleep(time.Second)
		}
		want := transport.LossStats{Overflows: 1, Episodes: 1, LostEstimate: 6, Slow: 1}
		got := r.Stats()
		for name, loss := range map[string]transport.LossStats{"a": r.stats("a").Loss, "b": r.stats("b").Loss, "sum": got.Loss} {
			if diff := cmp.Diff(want, loss); diff != "" {
				w.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		clients, err := r.Clients("b")
		w.must(err)
		if len(clients) != 1 || clients[0].Slow.LostEstimate != 6 || !clients[0].Slow.Now() {
			w.Errorf("clients %+v", clients)
		}
		if _, err := r.Clients("c"); !errors.Is(err, relay.ErrNoRoute) {
			w.Errorf("got %v, want %v", err, relay.ErrNoRoute)
		}
	})
}

// A sink that nobody has subscribed to for a minute is told of, and that it has subscribers again.
func TestAbsentSubscribers(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		r := w.relay(2, route("a", 9100, uri(1, 9000)))
		presence := func() []string {
			w.Helper()
			sleep(10 * time.Second)
			var lines []string
			for _, e := range r.logs.TakeAll() {
				if strings.HasPrefix(e.Message, "sink has") {
					lines = append(lines, fmt.Sprint(e.Message, ": ", e.ContextMap()["count"]))
				}
			}
			return lines
		}
		check := func(want ...string) {
			w.Helper()
			if diff := cmp.Diff(want, presence()); diff != "" {
				w.Errorf("log (-want +got):\n%s", diff)
			}
		}
		w.send(pub, text("/a", "1"), text("/a", "2"))
		sleep(30 * time.Second)
		check() // it may just have been started
		sleep(time.Minute)
		check("sink has no subscribers: 2")
		sub := w.subscriber(3, uri(2, 9100))
		sleep(time.Second)
		check("sink has subscribers again: 2")
		w.send(pub, text("/a", "3"))
		w.must(sub.Close())
		sleep(20 * time.Second)
		w.subscriber(3, uri(2, 9100)) // is back soon
		sleep(5 * time.Minute)
		check()
		if got := r.stats("a").Loss; got != (transport.LossStats{Unheard: 2}) {
			w.Errorf("got %+v, want 2 unheard", got)
		}
	})
}
