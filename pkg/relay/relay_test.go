package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// Frames go through as they are: any header that is legal, spaces, the spelling of numbers, keys twice.
func TestPassesBytes(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		r := w.relay(2, route("all", 9100, uri(1, 9000)))
		sub := w.subscriber(3, uri(2, 9100))
		texts := []string{
			text("/a", "one"),
			"pytroll:/no_slash info u@h 2024-05-17T09:41:12 v1.01",
			"pytroll://x  file\tu@h   2024-05-17T09:41:12.345678+00:00 v1.2  application/JSON   {\"b\":1.50 , \"a\" : 1e2, \"a\":2} ",
			"pytroll://norrk\u00f6ping file safusr@c20035 2014-08-27T07:57:53.0 v1.01 application/json {\"uri\": \"ssh://c20035//x\"}",
			"pytroll://bad/json file u@h 2024-05-17T09:41:12 v1.01 application/json {nothing",
			"pytroll://heartbeat/x beat u@h 2024-05-17T09:41:12 v1.01 application/json {\"min_interval\": 30}",
		}
		w.send(pub, texts...)
		w.wantArrived(sub, texts...)

		got := r.stats("all")
		if got.Received != 6 || got.Kept != 6 || got.Sent != 6 || got.Changed != 0 || got.Bytes == 0 || len(got.Dropped) != 0 || got.Last.IsZero() {
			w.Errorf("counters: %+v", got)
		}
		if got.Publishers != 1 || got.Subscribers != 1 {
			w.Errorf("connected: %d publishers, %d subscribers, want 1 and 1", got.Publishers, got.Subscribers)
		}
	})
}

// What would end a Python subscriber is dropped and counted, unless the route is lax.
func TestDropsWhatIsDangerous(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		lax := route("lax", 9101, uri(1, 9000))
		lax.Lax = true
		r := w.relay(2, route("strict", 9100, uri(1, 9000)), lax)
		strict, all := w.subscriber(3, uri(2, 9100)), w.subscriber(3, uri(2, 9101))
		texts := []string{
			"pytroll://latin1 info u@h 2024-05-17T09:41:12 v1.01 text/ascii \xe9",
			"pytroll://deep info u@h 2024-05-17T09:41:12 v1.01 application/json " + deep(300),
			"pytroll://time info u@h yesterday v1.01 text/ascii x",
			"pytroll://mime info u@h 2024-05-17T09:41:12 v1.01 text/ascii",
			"pytroll://blank info u@h 2024-05-17T09:41:12 v1.01 ",
			"pytroll://new info u@h 2024-05-17T09:41:12 v1.3 text/ascii x",
			"pytroll://short info",
			text("/fine", "x"),
		}
		w.send(pub, texts...)
		w.wantArrived(strict, text("/fine", "x"))
		w.wantArrived(all, texts...)
		want := map[string]uint64{"not_utf8": 1, "too_deep": 1, "bad_time": 1, "bad_mime": 2, "bad_version": 1, "bad_sender": 1}
		if diff := cmp.Diff(want, r.stats("strict").Dropped); diff != "" {
			w.Errorf("dropped (-want +got):\n%s", diff)
		}
		if got := r.stats("lax"); got.Sent != uint64(len(texts)) || len(got.Dropped) > 0 {
			w.Errorf("lax route: %+v", got)
		}
	})
}

func deep(levels int) string {
	return string(slices.Repeat([]byte("["), levels)) + string(slices.Repeat([]byte("]"), levels))
}

// Publishers are found by name, come and go; the sink is found under its name and aliases, and is not found by the relay itself.
func TestNames(t *testing.T) {
	inBubble(t, func(w world) {
		w.nameserver(2)
		from := relay.SourceConfig{Services: []string{pubsub.AllServices}, Nameservers: []string{host(2).String()}}
		r := w.relay(2, relay.Route{Name: "gather", Source: from, Sink: relay.SinkConfig{
			Port: 9100, Aliases: []string{"viirs"}, Advertise: host(2).String(),
		}})
		sleep(3 * time.Second)
		first := w.named(1, pubsub.PublisherOptions{Name: "one", Advertise: host(1).String()})
		second := w.named(4, pubsub.PublisherOptions{Name: "two", Advertise: host(4).String()})
		sub, err := w.node(3).Subscriber(pubsub.SubscriberOptions{Services: []string{"viirs"}, Nameservers: []string{host(2).String()}})
		w.must(err)
		defer w.closed(sub)
		sleep(5 * time.Second)

		w.send(first, text("/a", "1"))
		w.send(second, text("/b", "2"))
		got := w.arrived(sub) // the nameserver's change feed is among them
		if !slices.Contains(got, text("/a", "1")) || !slices.Contains(got, text("/b", "2")) {
			w.Errorf("arrived: %q", got)
		}
		if n := r.logs.FilterMessage("publisher passed over").Len(); n != 1 {
			w.Errorf("its own sink was passed over %d times, want 1: %v", n, r.logs.All())
		}
		if got := r.stats("gather"); got.Dropped["loop"] != 0 {
			w.Errorf("dropped: %v", got.Dropped)
		}
	})
}

// A relay does not subscribe to itself, however it is told to.
func TestNotItself(t *testing.T) {
	inBubble(t, func(w world) {
		r := w.idle(2, route("a", 9100, uri(1, 9000)), route("b", 9101, uri(2, 9100)))
		defer w.closed(r)
		if err := r.Listen(w.Context()); err == nil || !errors.Is(err, relay.ErrOwnSink) {
			w.Errorf("listen: got %v, want ErrOwnSink", err)
		}
		// Nothing is left bound.
		w.publisher(2, 9100)
		w.publisher(2, 9101)
	})
}

func TestPause(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		r := w.relay(2, route("a", 9100, uri(1, 9000)), route("b", 9101, uri(1, 9000)))
		subA, subB := w.subscriber(3, uri(2, 9100)), w.subscriber(3, uri(2, 9101))
		w.must(r.Pause("a"))
		w.send(pub, text("/x", "1"))
		w.wantArrived(subA)
		w.wantArrived(subB, text("/x", "1"))
		if !r.stats("a").Paused || r.stats("b").Paused {
			w.Errorf("paused: %v", r.Stats())
		}
		w.must(r.Pause("b"))
		if got := pub.Subscriptions(); len(got) != 0 {
			w.Errorf("both are paused, and yet there are subscriptions: %v", got)
		}
		w.must(r.Resume("a"))
		w.send(pub, text("/x", "2"))
		w.wantArrived(subA, text("/x", "2"))
		w.wantArrived(subB)
		if err := r.Pause("c"); !errors.Is(err, relay.ErrNoRoute) {
			w.Errorf("pause: got %v, want ErrNoRoute", err)
		}
	})
}

// A sink's own heartbeats replace those that come in.
func TestHeartbeats(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		beating := route("own", 9100, uri(1, 9000))
		beating.Sink.Heartbeat = 10 * time.Second
		r := w.relay(2, beating)
		sub := w.subscriber(3, uri(2, 9100))
		w.send(pub, "pytroll://heartbeat/x beat u@h 2024-05-17T09:41:12 v1.01 application/json {\"min_interval\": 30}")
		sleep(25 * time.Second)
		var got []string
		for _, frame := range w.arrived(sub) {
			m, err := message.Decode([]byte(frame))
			w.must(err)
			got = append(got, m.Subject()+" "+m.Type()+" "+string(m.RawData()))
		}
		beat := `/heartbeat/own beat {"min_interval": 10}`
		if diff := cmp.Diff([]string{beat, beat}, got); diff != "" {
			w.Errorf("arrived (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]uint64{"heartbeat": 1}, r.stats("own").Dropped); diff != "" {
			w.Errorf("dropped (-want +got):\n%s", diff)
		}
	})
}

// What has been received when the relay stops still leaves.
func TestStopDrains(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		r := w.idle(2, route("all", 9100, uri(1, 9000)))
		w.must(r.Listen(w.Context()))
		sub := w.subscriber(3, uri(2, 9100))
		var want []string
		for i := range 900 {
			want = append(want, text("/a", fmt.Sprint(i)))
		}
		w.send(pub, want...) // it does not run yet: all wait
		ctx, cancel := context.WithCancel(w.Context())
		cancel()
		w.must(r.Run(ctx, relay.Hooks{}))
		w.must(r.Close())
		w.wantArrived(sub, want...)
		if err := r.Listen(w.Context()); err == nil {
			w.Error("listens after Close")
		}
	})
}

// What is queued for nobody any more does not keep the relay from stopping.
func TestStopWithStaleMessages(t *testing.T) {
	inBubble(t, func(w world) {
		pub := w.publisher(1, 9000)
		r := w.idle(2, route("all", 9100, uri(1, 9000)))
		w.must(r.Listen(w.Context()))
		for i := range 900 {
			w.send(pub, text("/a", fmt.Sprint(i)))
		}
		w.must(r.Pause("all"))
		ctx, cancel := context.WithCancel(w.Context())
		cancel()
		began := time.Now()
		w.must(r.Run(ctx, relay.Hooks{}))
		if took := time.Since(began); took > 0 {
			w.Errorf("stopped after %v, want at once", took)
		}
		w.must(r.Close())
	})
}

// The line of status follows publishers and routes within a second or so, and many changes make one line.
func TestStatusFollows(t *testing.T) {
	inBubble(t, func(w world) {
		r := w.idle(2, route("all", 9100, uri(1, 9000), uri(1, 9001)))
		w.must(r.Listen(w.Context()))
		defer w.closed(r)
		ctx, cancel := context.WithTimeout(w.Context(), 18*time.Second)
		defer cancel()
		began := time.Now()
		var lines []string
		for after, do := range map[time.Duration]func(){
			12 * time.Second: func() { w.must(r.Pause("all")) },
			13500 * time.Millisecond: func() {
				w.must(r.Resume("all"))
				w.must(r.Pause("all"))
			},
		} {
			time.AfterFunc(after, do)
		}
		one := w.publisher(1, 9000)
		time.AfterFunc(15*time.Second, func() { w.must(one.Close()) })
		w.must(r.Run(ctx, relay.Hooks{Status: func(line string) {
			line, _, _ = strings.Cut(line, ", 0 subscribers")
			lines = append(lines, fmt.Sprintf("%s %s", time.Since(began).Round(time.Second), line))
		}}))
		want := []string{
			"0s 1 route, 0 of 2 publishers connected",
			"1s 1 route, 1 of 2 publishers connected",
			"11s 1 route, 1 of 2 publishers connected",
			"13s 1 route (1 paused), 1 of 2 publishers connected",
			"15s 1 route (1 paused), 1 of 2 publishers connected",
			"16s 1 route (1 paused), 0 of 2 publishers connected",
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			w.Errorf("status (-want +got):\n%s", diff)
		}
	})
}

func TestHooks(t *testing.T) {
	inBubble(t, func(w world) {
		w.publisher(1, 9000)
		r := w.idle(2, route("all", 9100, uri(1, 9000)))
		w.must(r.Listen(w.Context()))
		defer w.closed(r)
		synctest.Wait() // it is connected
		ctx, cancel := context.WithTimeout(w.Context(), 35*time.Second)
		defer cancel()
		var ready, beats int
		var lines []string
		w.must(r.Run(ctx, relay.Hooks{
			Ready: func() { ready++ }, Beat: func() { beats++ }, BeatInterval: 10 * time.Second, Status: func(line string) { lines = append(lines, line) },
		}))
		if ready != 1 || beats != 3 {
			w.Errorf("ready %d times, %d beats, want 1 and 3", ready, beats)
		}
		want := []string{
			"1 route, 1 publisher connected, 0 subscribers",
			"1 route, 1 publisher connected, 0 subscribers, 0 messages in and 0 out a second",
			"1 route, 1 publisher connected, 0 subscribers, 0 messages in and 0 out a second",
			"1 route, 1 publisher connected, 0 subscribers, 0 messages in and 0 out a second",
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			w.Errorf("status (-want +got):\n%s", diff)
		}
	})
}
