package relay_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// Several routes are fed by one source, each with its topics; each publisher is subscribed to once.
func TestSharesSource(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		a, b, c := route("a", 9100, uri(1, 9000)), route("b", 9101, uri(1, 9000)), route("c", 9102)
		a.Source.Topics = []string{"/a", "/a/deeper"}
		b.Source.Topics = []string{"b", "/a/deeper"}
		c.Source.SameAs = "b"
		r := w.relay(2, a, b, c)
		subs := []*pubsub.Subscriber{w.subscriber(3, uri(2, 9100)), w.subscriber(3, uri(2, 9101)), w.subscriber(3, uri(2, 9102))}
		if got := pub.Clients(); len(got) != 1 {
			w.Errorf("%d connections, want 1: %v", len(got), got)
		}
		if diff := cmp.Diff([]string{"pytroll://a", "pytroll://b"}, asked(pub)); diff != "" {
			w.Errorf("topics (-want +got):\n%s", diff)
		}
		w.send(pub, text("/a/deeper", "1"), text("/a", "2"), text("/b", "3"), text("/c", "4"))
		w.wantArrived(subs[0], text("/a/deeper", "1"), text("/a", "2"))
		w.wantArrived(subs[1], text("/a/deeper", "1"), text("/b", "3"))
		w.wantArrived(subs[2], text("/a/deeper", "1"), text("/b", "3"))
		if got := r.Stats(); got.Publishers != 1 || got.Subscribers != 3 {
			w.Errorf("connected: %d publishers, %d subscribers, want 1 and 3", got.Publishers, got.Subscribers)
		}
	})
}

// Several routes feed one sink.
func TestSharesSink(t *testing.T) {
	inBubble(t, func(w world) {
		first, second := w.publisher(1, 9000), w.publisher(4, 9000)
		b := route("b", 0, uri(4, 9000))
		b.Sink = relay.SinkConfig{SameAs: "a"}
		w.relay(2, route("a", 9100, uri(1, 9000)), b)
		sub := w.subscriber(3, uri(2, 9100))
		w.send(first, text("/a", "1"))
		w.send(second, text("/b", "2"))
		w.wantArrived(sub, text("/a", "1"), text("/b", "2"))
	})
}
