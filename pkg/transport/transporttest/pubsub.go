package transporttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func testPubSub(t *testing.T, b *bench) {
	p := b.publisher(Any)
	if port := p.Endpoint().Port(); port == 0 {
		t.Fatalf("bound to %s: want the real port", p.Endpoint())
	}
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprintf("message %d", i))
	}
	want = append(want, "", string([]byte{0, 1, 255}), string(make([]byte, 1<<20)))
	b.send(p, want...)
	b.expect(s, want...)
	if got := s.Stats(); got.Received != uint64(len(want)) || got.Multipart != 0 || got.Queued != 0 {
		t.Errorf("stats %+v: want %d received and nothing else", got, len(want))
	}
}

// testSendBatch: frames of all sizes in one go come each by itself, in their order and among those that are sent one by one.
func testSendBatch(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	var frames [][]byte
	for i := range 700 {
		frames = append(frames, fmt.Appendf(nil, "message %d %s", i, make([]byte, i*i%9000)))
	}
	frames = append(frames, nil, make([]byte, 1<<20), []byte("last"))
	want := []string{"before"}
	for _, f := range frames {
		want = append(want, string(f))
	}
	b.send(p, "before")
	if n, err := p.SendBatch(b.context(), frames); n != len(frames) || err != nil {
		t.Fatalf("sent %d, %v, want %d", n, err, len(frames))
	}
	if n, err := p.SendBatch(b.context(), nil); n != 0 || err != nil {
		t.Fatalf("nothing: sent %d, %v", n, err)
	}
	b.send(p, "after")
	b.expect(s, append(want, "after")...)

	ctx, cancel := context.WithCancel(b.context())
	cancel()
	if n, err := p.SendBatch(ctx, frames); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: sent %d, %v, want 0 and %v", n, err, context.Canceled)
	}
}

func testPrefixes(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "pytroll://a", p)
	b.send(p, "pytroll://b", "pytroll:/a", "pytroll://a", "pytroll://", "pytroll://ab/c end")
	b.expect(s, "pytroll://a", "pytroll://ab/c end")

	b.must(s.Subscribe("pytroll://b"))
	b.must(p.WaitSubscribed(b.context(), "pytroll://b", 1))
	b.must(s.Unsubscribe("pytroll://a"))
	b.eventually("topic a is gone", func() bool { return covered(p, "pytroll://a") == 0 })
	b.send(p, "pytroll://a", "pytroll://b")
	b.expect(s, "pytroll://b")
}

func testSubscribeTwice(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "a", p)
	b.must(s.Subscribe("a"))
	b.must(s.Unsubscribe("never subscribed"))
	b.send(p, "a1")
	b.expect(s, "a1")
	b.must(s.Unsubscribe("a"))
	b.eventually("the topic is gone", func() bool { return len(p.Subscriptions()) == 0 && !p.Covers([]byte("a1")) })
}

func testSubscriptions(t *testing.T, b *bench) {
	p := b.publisher(Any)
	if got := p.Subscriptions(); len(got) != 0 {
		t.Errorf("subscriptions of a new publisher: %v", got)
	}
	first := b.subscriber(transport.SubscriberConfig{}, "b", p)
	b.subscriber(transport.SubscriberConfig{}, "b", p)
	b.subscriber(transport.SubscriberConfig{}, "a", p)
	want := []transport.Subscription{{Topic: "a", Count: 1}, {Topic: "b", Count: 2}}
	if diff := cmp.Diff(want, p.Subscriptions()); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
	for frame, want := range map[string]bool{"": false, "a": true, "a1": true, "b": true, "c": false, "ba": true, "ab": true, "A": false} {
		if got := p.Covers([]byte(frame)); got != want {
			t.Errorf("%q is covered: %v, want %v", frame, got, want)
		}
	}
	b.must(first.Close())
	want[1].Count = 1
	b.eventually("the subscription of a closed subscriber is gone", func() bool { return cmp.Equal(want, p.Subscriptions()) })
}

func testWaitSubscribed(t *testing.T, b *bench) {
	p := b.publisher(Any)
	b.must(p.WaitSubscribed(b.context(), "pytroll://x", 0))
	wait := b.background(func() {
		if err := p.WaitSubscribed(b.context(), "pytroll://x", 2); err != nil {
			t.Errorf("WaitSubscribed: %v", err)
		}
	})
	b.subscriber(transport.SubscriberConfig{}, "pytroll://other", p) // covers nothing
	b.subscriber(transport.SubscriberConfig{}, "pytroll:/", p)
	if got := covered(p, "pytroll://x"); got != 1 {
		t.Errorf("%d subscriptions cover the topic, want 1", got)
	}
	b.subscriber(transport.SubscriberConfig{}, "pytroll://x", p)
	wait()
}

func testWaitSubscribedEnds(t *testing.T, b *bench) {
	p := b.publisher(Any)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.WaitSubscribed(ctx, "x", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	wait := b.background(func() {
		if err := p.WaitSubscribed(t.Context(), "x", 1); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("got %v, want %v", err, transport.ErrClosed)
		}
	})
	b.must(p.Close())
	wait()
}

// testNextSubscriptions: each change is told, to who asks what follows what he knows.
func testNextSubscriptions(t *testing.T, b *bench) {
	p := b.publisher(Any)
	var known []transport.Subscription
	wait := func(want ...transport.Subscription) {
		t.Helper()
		for !slices.Equal(known, want) {
			next, err := p.NextSubscriptions(b.context(), known)
			b.must(err)
			if slices.Equal(next, known) {
				t.Errorf("told again: %v", known)
			}
			known = next
		}
	}
	s := b.subscriber(transport.SubscriberConfig{}, "a", p)
	wait(transport.Subscription{Topic: "a", Count: 1})
	b.must(s.Subscribe("b"))
	wait(transport.Subscription{Topic: "a", Count: 1}, transport.Subscription{Topic: "b", Count: 1})
	b.must(s.Unsubscribe("a"))
	wait(transport.Subscription{Topic: "b", Count: 1})
	told := b.background(func() { wait() })
	b.must(s.Close())
	told()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.NextSubscriptions(ctx, known); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// testSubscribed: whoever comes is told of, also one that takes the place of another, and nobody twice.
func testSubscribed(t *testing.T, b *bench) {
	var mu sync.Mutex
	var told []string
	p, err := b.Publisher(transport.PublisherConfig{Endpoint: b.endpoint(Any), Subscribed: func(topic string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, topic)
	}})
	b.must(err)
	wait := func(want ...string) {
		t.Helper()
		b.eventually(fmt.Sprintf("subscriptions to %q are told of", want), func() bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.Equal(want, told)
		})
	}
	first := b.subscriber(transport.SubscriberConfig{}, "a", p)
	wait("a")
	second := b.subscriber(transport.SubscriberConfig{}, "b", p)
	wait("a", "b")
	b.must(first.Unsubscribe("a"))
	b.must(second.Subscribe("a")) // nobody looks in between
	wait("a", "b", "a")
	b.must(second.Subscribe("a"))
	b.must(first.Close())
	b.subscriber(transport.SubscriberConfig{}, "end", p)
	wait("a", "b", "a", "end")
}

// nextUntil takes in all changes until there is an error.
func nextUntil(ctx context.Context, p transport.Publisher) (err error) {
	var known []transport.Subscription
	for err == nil {
		known, err = p.NextSubscriptions(ctx, known)
	}
	return err
}

func testConnectTwice(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	b.must(s.Connect(address(p)))
	b.must(s.Connect(transport.Address{Endpoint: p.Endpoint(), Backend: transport.Plain}))
	b.send(p, "once", "end")
	b.expect(s, "once", "end")
	b.must(s.Disconnect(address(p)))
	b.must(s.Disconnect(address(p))) // nothing to do
	b.eventually("the subscriber is gone", func() bool { return len(p.Subscriptions()) == 0 })
}

func testConnectRefused(t *testing.T, b *bench) {
	s := b.subscriber(transport.SubscriberConfig{}, "")
	for _, e := range []transport.Endpoint{{}, b.endpoint("tcp://*:9000"), b.endpoint("tcp://127.0.0.1:0")} {
		if err := s.Connect(transport.Address{Endpoint: e}); err == nil {
			t.Errorf("connect to %q: want an error", e)
		}
	}
	if err := s.Connect(transport.Address{Endpoint: b.endpoint("tcp://127.0.0.1:9"), Backend: "odd"}); err == nil {
		t.Error("connect with an unknown backend: want an error")
	}
}

func testManyPublishers(t *testing.T, b *bench) {
	var pubs []transport.Publisher
	for range 20 {
		pubs = append(pubs, b.publisher(Any))
	}
	s := b.subscriber(transport.SubscriberConfig{}, "", pubs...)
	const each = 50
	for i := range each {
		for j, p := range pubs {
			b.send(p, fmt.Sprintf("%d %d", j, i))
		}
	}
	next := make([]int, len(pubs))
	for _, f := range b.receive(s, each*len(pubs)) {
		var from, number int
		if _, err := fmt.Sscan(string(f.Body), &from, &number); err != nil {
			t.Fatal(err)
		}
		if number != next[from] {
			t.Fatalf("from publisher %d: got message %d, want %d", from, number, next[from])
		}
		next[from]++
	}
}

func testFrom(t *testing.T, b *bench) {
	one, two := b.publisher(Any), b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{Attribute: true}, "", one, two)
	for range 10 {
		b.send(one, one.Endpoint().String())
		b.send(two, two.Endpoint().String())
	}
	for _, f := range b.receive(s, 20) {
		if f.From.String() != string(f.Body) {
			t.Errorf("message of %s is said to come from %q", f.Body, f.From)
		}
	}
}

func testPublisherComesLater(t *testing.T, b *bench) {
	p := b.publisher(Any)
	at := p.Endpoint()
	b.must(p.Close())
	notify, ch := events()
	s := b.subscriber(transport.SubscriberConfig{Events: notify}, "")
	b.must(s.Connect(transport.Address{Endpoint: at}))
	p = b.publisher(at.String())
	b.must(p.WaitSubscribed(b.context(), "", 1))
	b.expectEvent(ch, transport.Connected, address(p))
	b.send(p, "hello")
	b.expect(s, "hello")
}

func testPublisherRestart(t *testing.T, b *bench) {
	notify, ch := events()
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{Events: notify, Attribute: true}, "", p)
	for round := range 3 {
		b.expectEvent(ch, transport.Connected, address(p))
		b.send(p, fmt.Sprint("round ", round))
		b.must(p.Close())
		b.expect(s, fmt.Sprint("round ", round))
		b.expectEvent(ch, transport.Lost, address(p))
		p = b.publisher(p.Endpoint().String())
		b.must(p.WaitSubscribed(b.context(), "", 1))
	}
	b.send(p, "end")
	got := b.receive(s, 1)
	if string(got[0].Body) != "end" || got[0].From != p.Endpoint() {
		t.Errorf("got %q from %q, want end from %s", got[0].Body, got[0].From, p.Endpoint())
	}
}

func testDisconnect(t *testing.T, b *bench) {
	p, other := b.publisher(Any), b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p, other)
	const n = 500
	var want []string
	for i := range n {
		want = append(want, fmt.Sprint(i))
	}
	b.send(p, want...)
	b.eventually("all has arrived", func() bool { return s.Stats().Received == n })
	b.must(s.Disconnect(address(p)))
	b.eventually("the subscriber is gone", func() bool { return len(p.Subscriptions()) == 0 })
	b.send(p, "after the end")
	b.expect(s, want...)
	b.send(other, "still here")
	b.expect(s, "still here")

	b.must(s.Connect(address(p)))
	b.must(p.WaitSubscribed(b.context(), "", 1))
	b.send(p, "again")
	b.expect(s, "again")
}

// testReconnect: what has arrived is kept, what comes afterwards arrives, and others are left alone.
func testReconnect(t *testing.T, b *bench) {
	p, other, stranger := b.publisher(Any), b.publisher(Any), b.publisher(Any)
	events := make(chan transport.Event, 100)
	s := b.subscriber(transport.SubscriberConfig{Events: func(e transport.Event) { events <- e }}, "", p, other)
	next := func() transport.Event {
		select {
		case e := <-events:
			return e
		case <-b.context().Done():
			t.Fatal("no event")
			panic("unreachable")
		}
	}
	for range 2 { // of the two publishers
		if e := next(); e.Kind != transport.Connected {
			t.Fatalf("got event %d, want %d", e.Kind, transport.Connected)
		}
	}
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprint(i))
	}
	b.send(p, want...)
	b.eventually("all has arrived", func() bool { return s.Stats().Received == uint64(len(want)) })
	b.must(s.Reconnect(address(stranger)))
	b.must(s.Reconnect(address(p)))
	for _, kind := range []transport.EventKind{transport.Lost, transport.Connected} {
		if e := next(); e.Kind != kind || e.Peer != address(p).Normal() {
			t.Fatalf("got event %d of %v, want %d of %v", e.Kind, e.Peer, kind, address(p))
		}
	}
	b.must(p.WaitSubscribed(b.context(), "", 1))
	b.eventually("the connection before is gone", func() bool { return p.Subscriptions()[0].Count == 1 })
	b.expect(s, want...)
	b.send(p, "anew")
	b.expect(s, "anew")
	b.send(other, "still here")
	b.expect(s, "still here")
	if len(events) > 0 {
		t.Errorf("got event %+v, want none", <-events)
	}
}

func testCloseSendsQueue(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	var want []string
	for i := range 900 {
		want = append(want, fmt.Sprint(i))
	}
	b.send(p, want...)
	b.must(p.Close())
	b.expect(s, want...)
}

// testPending: what has arrived is told of without anybody having waited for it.
func testPending(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	if s.Pending() {
		t.Error("something is pending before anything was sent")
	}
	b.send(p, "a")
	b.eventually("the message is pending", s.Pending)
	if got := s.Stats(); got.Received != 1 || got.Queued != 1 {
		t.Errorf("stats %+v, want one byte received and queued", got)
	}
	b.expect(s, "a")
	if s.Pending() {
		t.Error("something is pending after all was received")
	}
	b.must(s.Close())
	if s.Pending() {
		t.Error("something is pending after Close")
	}
}

// testSlowConsumer: a subscriber that does not receive stands in nobody's way, and holds no more than it may.
func testSlowConsumer(t *testing.T, b *bench) {
	const bound = 1 << 20
	p := b.publisher(Any)
	slow := b.subscriber(transport.SubscriberConfig{MaxQueued: bound}, "", p)
	fast := b.subscriber(transport.SubscriberConfig{}, "", p)
	frame := string(make([]byte, 10_000))
	for i := range 3000 {
		b.send(p, frame)
		if i%100 == 99 {
			b.receive(fast, 1) // don't outrun it by far
		}
	}
	b.send(p, "end")
	b.eventually("the slow one has reached its bound", func() bool { return slow.Stats().Queued >= bound*9/10 })
	const slack = 8 << 20 // what is taken in one go
	if got := slow.Stats().Queued; got > bound+slack {
		t.Errorf("%d bytes are queued, want %d at most", got, bound+slack)
	}
	b.receive(slow, 50)
}

func testConcurrentSend(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	const senders, each = 8, 100
	var waits []func()
	for i := range senders {
		waits = append(waits, b.background(func() {
			for j := range each {
				if err := p.Send(t.Context(), fmt.Appendf(nil, "%d %d", i, j)); err != nil {
					t.Errorf("Send: %v", err)
				}
			}
		}))
	}
	for _, wait := range waits {
		wait()
	}
	seen := make(map[string]bool)
	for _, f := range b.receive(s, senders*each) {
		seen[string(f.Body)] = true
	}
	if len(seen) != senders*each {
		t.Errorf("%d different messages, want %d", len(seen), senders*each)
	}
}

// testReceiveEnds: ctx and Close end a Receive that waits, at once, and lose nothing.
func testReceiveEnds(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	r := b.replier()
	for name, receive := range map[string]func(context.Context) error{
		"subscriber": func(ctx context.Context) error { _, err := s.Receive(ctx); return err },
		"replier":    func(ctx context.Context) error { _, err := r.Receive(ctx); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want %v", name, err, context.DeadlineExceeded)
		}
		cancel()
		if err := receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, again: got %v, want %v", name, err, context.DeadlineExceeded)
		}
	}
	b.send(p, "not lost")
	b.expect(s, "not lost")

	for _, c := range []struct {
		name    string
		receive func() error
		close   func() error
	}{
		{"subscriber", func() error { _, err := s.Receive(t.Context()); return err }, s.Close},
		{"replier", func() error { _, err := r.Receive(t.Context()); return err }, r.Close},
	} {
		wait := b.background(func() {
			if err := c.receive(); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("%s: Receive: got %v, want %v", c.name, err, transport.ErrClosed)
			}
		})
		b.must(c.close())
		wait()
	}
}
