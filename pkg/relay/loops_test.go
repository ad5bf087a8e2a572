package relay_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// Two relays carry messages in both directions between two networks: none circulates.
func TestBackAndForth(t *testing.T) {
	inBubble(t, func(w world) {
		a, b := w.publisher(1, 9000), w.publisher(2, 9000) // in network A, in network B
		there := w.relay(11, route("there", 9100, uri(1, 9000), uri(12, 9100)))
		back := w.relay(12, route("back", 9100, uri(2, 9000), uri(11, 9100)))
		inB, inA := w.subscriber(3, uri(11, 9100)), w.subscriber(4, uri(12, 9100))
		w.send(a, text("/a", "1"))
		w.send(b, text("/b", "2"))
		w.wantArrived(inB, text("/a", "1"), text("/b", "2"))
		w.wantArrived(inA, text("/a", "1"), text("/b", "2"))
		for _, got := range []relay.RouteStats{there.stats("there"), back.stats("back")} {
			if got.Received != 3 || got.Sent != 2 || got.Dropped["loop"] != 1 {
				w.Errorf("counters: %+v", got)
			}
		}
	})
}

// One relay carries both directions, and somebody else in network B passes on what it gets there: with a group that is not carried back.
func TestLoopGroup(t *testing.T) {
	inBubble(t, func(w world) {
		a, stranger := w.publisher(1, 9000), w.publisher(2, 9000)
		there, back := route("there", 9100, uri(1, 9000)), route("back", 9101, uri(2, 9000))
		there.LoopGroup, back.LoopGroup = "a-b", "a-b"
		r := w.relay(11, there, back)
		inB, inA := w.subscriber(2, uri(11, 9100)), w.subscriber(1, uri(11, 9101))
		w.send(a, text("/a", "1"))
		w.wantArrived(inB, text("/a", "1"))
		w.send(stranger, text("/passed/on", "1"), text("/b", "2"))
		w.wantArrived(inA, text("/b", "2"))
		if diff := cmp.Diff(map[string]uint64{"loop": 1}, r.stats("back").Dropped); diff != "" {
			w.Errorf("dropped on the way back (-want +got):\n%s", diff)
		}
	})
}

// Messages of all three networks go round a ring of three relays once: 100,000 of them.
func TestRing(t *testing.T) {
	inBubble(t, func(w world) {
		const each, burst, queue = 33_400, 3_340, 4 * 3_340 // of each network; a burst of all is less than what queues hold
		var pubs []*pubsub.Publisher
		var subs []*pubsub.Subscriber
		for i := range 3 {
			pubs = append(pubs, w.named(1+i, pubsub.PublisherOptions{Name: "test", Port: 9000, Announce: pubsub.AnnounceNone, Lax: true, Queue: queue}))
			before := 11 + (i+2)%3
			ring := route("ring", 9100, uri(1+i, 9000), uri(before, 9100))
			ring.Source.Queue, ring.Sink.Queue = queue, queue
			w.relay(11+i, ring)
			sub, err := w.node(21 + i).Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uri(11+i, 9100)), Topics: []string{message.Magic}, Queue: queue})
			w.must(err)
			w.Cleanup(func() { w.closed(sub) })
			subs = append(subs, sub)
		}
		var times [3][3 * each]uint8 // that a message arrived behind a relay
		for n := 0; n < each; n += burst {
			for i, pub := range pubs {
				for k := range burst {
					w.must(pub.SendText(w.Context(), text("/a", strconv.Itoa(i*each+n+k))))
				}
			}
			for i, sub := range subs {
				for _, m := range w.arrived(sub) {
					number, err := strconv.Atoi(m[strings.LastIndexByte(m, ' ')+1:])
					w.must(err)
					times[i][number]++
				}
			}
		}
		for i := range times {
			for number, n := range times[i] {
				if n != 1 {
					w.Fatalf("behind relay %d: %d times message %d", i, n, number)
				}
			}
		}
	})
}

// What is no message goes round a ring of lax relays once, too.
func TestRingOfBadFrames(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		one, other := route("ring", 9100, uri(1, 9000), uri(12, 9100)), route("ring", 9100, uri(11, 9100))
		one.Lax, other.Lax = true, true
		r := w.relay(11, one)
		w.relay(12, other)
		sub := w.subscriber(3, uri(12, 9100))
		for range 2 { // a later one is another one
			w.must(pub.SendFrame(w.Context(), []byte("pytroll://bad v2")))
			w.wantArrived(sub, "pytroll://bad v2")
			sleep(relay.DefaultLoopWindow)
		}
		if diff := cmp.Diff(map[string]uint64{"loop": 2}, r.stats("ring").Dropped); diff != "" {
			w.Errorf("dropped (-want +got):\n%s", diff)
		}
	})
}

// A ring with a member that is no relay of ours, and passes on all it gets: the first of ours that sees a message again ends it.
func TestRingWithStranger(t *testing.T) {
	inBubble(t, func(w world) {
		stranger := w.publisher(5, 9000)
		r := w.relay(11, route("ring", 9100, uri(1, 9000), uri(5, 9000)))
		sub := w.subscriber(5, uri(11, 9100))
		w.send(w.publisher(1, 9000), text("/a", "1"))
		for round := range 3 {
			got := w.arrived(sub)
			if want := max(1-round, 0); len(got) != want {
				w.Fatalf("round %d: got %d messages, want %d", round, len(got), want)
			}
			for _, m := range got {
				w.send(stranger, strings.Replace(m, "//a", "//renamed/a", 1))
			}
		}
		if got := r.stats("ring"); got.Dropped["loop"] != 1 {
			w.Errorf("dropped %v, want 1 loop", got.Dropped)
		}
		// What the stranger sends itself is carried, and ends too when it passes that on.
		w.send(stranger, text("/s", "2"))
		w.wantArrived(sub, text("/s", "2"))
		w.send(stranger, text("/s", "2"))
		w.wantArrived(sub)
	})
}

// What looks the same and is none: other times, senders, types or data, and one message that its publisher sends under several subjects.
func TestNoLoop(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		r := w.relay(11, route("a", 9100, uri(1, 9000)))
		sub := w.subscriber(3, uri(11, 9100))
		texts := []string{
			"pytroll://a info u@h 2024-05-17T09:41:12 v1.01 text/ascii x",
			"pytroll://a info u@h 2024-05-17T09:41:12.000001 v1.01 text/ascii x",
			"pytroll://a file u@h 2024-05-17T09:41:12 v1.01 text/ascii x",
			"pytroll://a info v@h 2024-05-17T09:41:12 v1.01 text/ascii x",
			"pytroll://a info u@h 2024-05-17T09:41:12 v1.01 text/ascii y",
			"pytroll://a info u@h 2024-05-17T09:41:12 v1.01",
			"pytroll://b info u@h 2024-05-17T09:41:12 v1.01 text/ascii x",
			"pytroll://c info u@h 2024-05-17T09:41:12 v1.01 text/ascii x",
		}
		w.send(pub, texts...)
		w.wantArrived(sub, texts...)
		w.send(pub, texts...)
		w.wantArrived(sub)
		if diff := cmp.Diff(map[string]uint64{"loop": uint64(len(texts))}, r.stats("a").Dropped); diff != "" {
			w.Errorf("dropped (-want +got):\n%s", diff)
		}
	})
}

// More messages within the window than the memory has room for: what is forgotten is counted, and told at once.
func TestLoopMemoryTooSmall(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		cfg := configOf(route("ring", 9100, uri(1, 9000)))
		cfg.LoopEntries = 1000
		r := w.idleWith(11, cfg)
		w.run(r)
		sub := w.subscriber(3, uri(11, 9100))
		send := func(from, to int) {
			for i := from; i < to; i++ {
				w.send(pub, text("/a", strconv.Itoa(i)))
			}
			w.arrived(sub)
		}
		send(0, 1000)
		if got := r.stats("ring").ForgottenEarly; got != 0 {
			w.Errorf("%d forgotten early, want none", got)
		}
		send(1000, 1012)
		if got := r.stats("ring").ForgottenEarly; got != 12 {
			w.Errorf("%d forgotten early, want 12", got)
		}
		logged := r.logs.FilterMessageSnippet("message forgotten early").FilterField(zap.String("loops", "route ring"))
		if got := logged.FilterField(zap.Uint64("count", 1)).Len() + logged.FilterField(zap.Uint64("count", 10)).Len(); got != 2 || logged.Len() != 2 {
			w.Errorf("log: %v, want lines at 1 and 10", logged.All())
		}
		sleep(relay.DefaultLoopWindow)
		send(0, 1000)
		if got := r.stats("ring").ForgottenEarly; got != 12 {
			w.Errorf("%d forgotten early after the window, want 12 still", got)
		}
	})
}

// After the window, and where loops may pass, the same message is carried again.
func TestLoopWindow(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		pass := route("pass", 9101, uri(1, 9000))
		pass.Loops = relay.LoopsPass
		w.relay(11, route("stop", 9100, uri(1, 9000)), pass)
		stop, all := w.subscriber(3, uri(11, 9100)), w.subscriber(3, uri(11, 9101))
		one := text("/a", "1")
		w.send(pub, one, one)
		w.wantArrived(stop, one)
		w.wantArrived(all, one, one)
		sleep(relay.DefaultLoopWindow - time.Second)
		w.send(pub, one)
		w.wantArrived(stop)
		sleep(2*relay.DefaultLoopWindow + time.Second)
		w.send(pub, one)
		w.wantArrived(stop, one)
	})
}
