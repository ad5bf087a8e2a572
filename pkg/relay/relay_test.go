package relay_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inBubble runs a test in a synctest bubble: times take no time, and a goroutine that is left over fails the test.
func inBubble(t *testing.T, test func(w world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(world{t, newNetwork(t)}) })
}

// newNetwork makes a network, closed with the test.
func newNetwork(t *testing.T) *inmem.Network {
	n := inmem.NewNetwork()
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close network: %v", err)
		}
	})
	return n
}

// world is a network in memory. Hosts are called by a number, which is the end of their address.
type world struct {
	*testing.T
	network *inmem.Network
}

func host(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}) }

func uri(n, port int) string { return fmt.Sprintf("tcp://%s:%d", host(n), port) }

func (w world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// node makes a node on a host.
func (w world) node(on int) *pubsub.Node {
	w.Helper()
	node, err := pubsub.New(pubsub.Options{Transport: w.network.Transport(host(on)), Group: w.network.Group(host(on))})
	w.must(err)
	return node
}

// publisher makes one that nobody is told of.
func (w world) publisher(on, port int) *pubsub.Publisher {
	w.Helper()
	return w.named(on, pubsub.PublisherOptions{Name: "test", Port: port, Announce: pubsub.AnnounceNone, Lax: true})
}

func (w world) named(on int, o pubsub.PublisherOptions) *pubsub.Publisher {
	w.Helper()
	pub, err := w.node(on).Publisher(o)
	w.must(err)
	w.Cleanup(func() { w.closed(pub) })
	return pub
}

func (w world) closed(c interface{ Close() error }) {
	w.Helper()
	if err := c.Close(); err != nil {
		w.Errorf("close: %v", err)
	}
}

// subscriber makes one that gets everything from addresses.
func (w world) subscriber(on int, uris ...string) *pubsub.Subscriber {
	w.Helper()
	return w.subscriberTo(on, []string{message.Magic}, uris...)
}

func (w world) subscriberTo(on int, topics []string, uris ...string) *pubsub.Subscriber {
	w.Helper()
	sub, err := w.node(on).Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uris...), Topics: topics})
	w.must(err)
	w.Cleanup(func() { w.closed(sub) })
	return sub
}

// running is a relay that runs.
type running struct {
	world
	*relay.Relay
	logs *observer.ObservedLogs
	stop func() // waits for Run, and closes
}

// relay makes a relay on a host, and runs it until the test ends or it is stopped.
func (w world) relay(on int, routes ...relay.Route) *running {
	w.Helper()
	r := w.idle(on, routes...)
	w.run(r)
	return r
}

// run runs a relay until the test ends or it is stopped.
func (w world) run(r *running) {
	w.Helper()
	w.must(r.Listen(w.Context()))
	stop := runUntilStopped(w, r.Relay)
	r.stop = func() { stop(); w.closed(r) }
	w.Cleanup(r.stop)
	synctest.Wait()
}

// runUntilStopped runs a relay until stop is called, which waits for it. Further calls do nothing.
func runUntilStopped(w world, r *relay.Relay) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, relay.Hooks{}); close(done) }()
	return func() {
		w.Helper()
		cancel()
		if err := <-done; err != nil {
			w.Errorf("run: %v", err)
		}
	}
}

// idle makes a relay that does not listen yet.
func (w world) idle(on int, routes ...relay.Route) *running {
	w.Helper()
	return w.idleWith(on, configOf(routes...))
}

func (w world) idleWith(on int, cfg relay.Config) *running {
	w.Helper()
	core, logs := observer.New(zap.InfoLevel)
	r, err := relay.New(cfg, relay.Options{
		Transport:      w.network.Transport(host(on)),
		Group:          w.network.Group(host(on)),
		LocalAddresses: func() ([]netip.Addr, error) { return []netip.Addr{host(on)}, nil },
		Logger:         zap.New(core),
	})
	w.must(err)
	return &running{world: w, Relay: r, logs: logs}
}

func configOf(routes ...relay.Route) relay.Config {
	cfg := relay.DefaultConfig()
	cfg.Routes = routes
	return cfg
}

// route is one from addresses to a port that nobody is told of.
func route(name string, port int, from ...string) relay.Route {
	return relay.Route{Name: name, Source: relay.SourceConfig{Addresses: from}, Sink: relay.SinkConfig{Port: port, Announce: "none"}}
}

// stats returns the counters of a route.
func (r *running) stats(name string) relay.RouteStats {
	r.Helper()
	all := r.Stats().Routes
	i := slices.IndexFunc(all, func(s relay.RouteStats) bool { return s.Name == name })
	if i < 0 {
		r.Fatalf("no counters of route %q", name)
	}
	return all[i]
}

// text is a message as it goes over the wire.
func text(subject, rest string) string {
	return message.Magic + subject + " info u@h 2024-05-17T09:41:12.345678 v1.01 text/ascii " + rest
}

func (w world) send(pub *pubsub.Publisher, texts ...string) {
	w.Helper()
	for _, t := range texts {
		w.must(pub.SendText(w.Context(), t))
	}
	synctest.Wait()
}

// arrived returns what is there, or comes without time passing.
func (w world) arrived(sub *pubsub.Subscriber) []string {
	w.Helper()
	got := []string{}
	synctest.Wait()
	for {
		ctx, cancel := context.WithTimeout(w.Context(), time.Nanosecond)
		m, err := sub.Receive(ctx)
		cancel()
		var bad *pubsub.FrameError
		switch {
		case errors.As(err, &bad):
			got = append(got, string(bad.Frame))
		case errors.Is(err, context.DeadlineExceeded):
			return got
		case err != nil:
			w.Fatalf("receive: %v", err)
		default:
			got = append(got, string(m.Bytes()))
		}
	}
}

func (w world) wantArrived(sub *pubsub.Subscriber, want ...string) {
	w.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, w.arrived(sub)); diff != "" {
		w.Errorf("arrived (-want +got):\n%s", diff)
	}
}

// nameserver runs one on a host.
func (w world) nameserver(on int) {
	w.Helper()
	cfg := nameserver.DefaultConfig()
	group := w.network.Group(host(on))
	server, err := nameserver.New(cfg, nameserver.Options{
		Transport: w.network.Transport(host(on)), Receiver: group, Sender: group,
		LocalAddresses: func() ([]netip.Addr, error) { return []netip.Addr{host(on)}, nil },
	})
	w.must(err)
	w.must(server.Listen(w.Context()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, nameserver.Hooks{}) }()
	w.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, server.Close()); err != nil {
			w.Errorf("nameserver: %v", err)
		}
	})
	synctest.Wait()
}

// sleep lets time pass.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

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
