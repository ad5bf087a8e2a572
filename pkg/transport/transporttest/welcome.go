package transporttest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// keeper keeps what was sent and gives all of it that begins with the topic.
type keeper struct {
	mu     sync.Mutex
	frames [][]byte
}

func (k *keeper) add(frame []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.frames = append(k.frames, frame)
}

func (k *keeper) under(topic string) [][]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	var under [][]byte
	for _, f := range k.frames {
		if strings.HasPrefix(string(f), topic) {
			under = append(under, f)
		}
	}
	return under
}

// welcoming makes a publisher that gives newcomers the last frame that was sent on it.
func (b *bench) welcoming() transport.Publisher {
	b.t.Helper()
	k := &keeper{}
	p, err := b.Publisher(transport.PublisherConfig{Endpoint: b.endpoint(Any), Welcome: &transport.Welcome{Frames: k.under, Sent: k.add}})
	b.must(err)
	return p
}

// replaying makes a publisher that replays these frames.
func (b *bench) replaying(frames ...string) transport.Publisher {
	b.t.Helper()
	k := &keeper{}
	for _, f := range frames {
		k.add([]byte(f))
	}
	p, err := b.Publisher(transport.PublisherConfig{
		Endpoint:      b.endpoint(Any),
		Welcome:       &transport.Welcome{Frames: k.under, Replay: true},
		SocketOptions: transport.SocketOptions{Queue: 4 * max(1, len(frames))},
	})
	b.must(err)
	return p
}

// testWelcomeLast: the newcomer gets the last frame, alone, and then what all get.
func testWelcomeLast(t *testing.T, b *bench) {
	p := b.welcoming()
	first := b.subscriber(transport.SubscriberConfig{}, "a", p)
	b.send(p, "a1", "a2")
	second := b.subscriber(transport.SubscriberConfig{}, "a", p)
	b.expect(second, "a2")
	b.send(p, "a3")
	third := b.subscriber(transport.SubscriberConfig{}, "", p)
	b.send(p, "a4")
	b.expect(first, "a1", "a2", "a3", "a4")
	b.expect(second, "a3", "a4")
	b.expect(third, "a3", "a4")
	if got := p.Stats().Welcomed; got != 2 {
		t.Errorf("%d welcomes given, want 2", got)
	}
}

// testWelcomePerTopic: each topic that is asked for counts, and one that is asked for again.
func testWelcomePerTopic(t *testing.T, b *bench) {
	p := b.welcoming()
	b.send(p, "a1", "b1", "c1", "b2")
	s := b.subscriber(transport.SubscriberConfig{}, "b", p)
	b.expect(s, "b2")
	b.must(s.Subscribe("a"))
	b.expect(s, "a1")
	b.must(s.Subscribe("a")) // is nothing new
	b.must(s.Subscribe("x")) // has nothing
	b.must(s.Unsubscribe("b"))
	b.eventually("topic b is gone", func() bool { return covered(p, "b") == 0 })
	b.send(p, "b3")
	b.must(s.Subscribe("b"))
	b.expect(s, "b3")
	want := []transport.Subscription{{Topic: "a", Count: 1}, {Topic: "b", Count: 1}, {Topic: "x", Count: 1}}
	if diff := cmp.Diff(want, p.Subscriptions()); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
	if got := p.Clients(); len(got) != 1 || got[0].Topics != 3 {
		t.Errorf("clients %v, want one with 3 topics", got)
	}
	b.must(s.Close())
	b.eventually("the subscriptions of a closed subscriber are gone", func() bool { return len(p.Subscriptions()) == 0 && len(p.Clients()) == 0 })
}

// testWelcomeReplay: each newcomer gets all, in order and by itself, and nothing else.
func testWelcomeReplay(t *testing.T, b *bench) {
	var all []string
	for i := range 2000 {
		all = append(all, fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i))
	}
	p := b.replaying(all...)
	if err := p.Send(b.context(), []byte("a")); !errors.Is(err, transport.ErrReplay) {
		t.Errorf("Send on a replay publisher: %v, want %v", err, transport.ErrReplay)
	}
	first := b.subscriber(transport.SubscriberConfig{}, "", p)
	b.expectAll(first, all)
	second := b.subscriber(transport.SubscriberConfig{}, "a1999", p)
	b.expect(second, "a1999")
	b.must(second.Subscribe("b1"))
	b.expectAll(second, under(all, "b1"))
	var wg sync.WaitGroup
	for range 3 {
		s := b.subscriber(transport.SubscriberConfig{}, "a", p)
		wg.Go(func() {
			for _, f := range under(all, "a") {
				if got := b.next(s); got != f {
					t.Errorf("got %q, want %q", got, f)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := covered(p, "a"); got != 4 { // the first one's topic is in it
		t.Errorf("%d subscriptions, want 4", got)
	}
	// None of the others got anything of that: what comes next is what they ask for.
	b.must(first.Subscribe("b7"))
	b.expectAll(first, under(all, "b7"))
	b.must(second.Subscribe("a7"))
	b.expectAll(second, under(all, "a7"))
}

func under(all []string, topic string) []string {
	var under []string
	for _, f := range all {
		if strings.HasPrefix(f, topic) {
			under = append(under, f)
		}
	}
	return under
}

// testWelcomeCrowd: however many come at once, each gets its own and those who stay get nothing again.
func testWelcomeCrowd(t *testing.T, b *bench) {
	const rounds, crowd = 8, 12
	p := b.welcoming()
	stays := b.subscriber(transport.SubscriberConfig{}, "pytroll:/", p)
	var want []string
	for round := range rounds {
		last := fmt.Sprintf("pytroll://last %d", round)
		want = append(want, last)
		b.send(p, last)
		var wg sync.WaitGroup
		leave := make(chan struct{})
		for range crowd {
			wg.Go(func() {
				s, err := b.Subscriber(transport.SubscriberConfig{})
				if err != nil {
					t.Error(err)
					return
				}
				for _, err := range []error{s.Subscribe("pytroll://last"), s.Connect(address(p))} {
					if err != nil {
						t.Error(err)
					}
				}
				if got := b.next(s); got != last {
					t.Errorf("newcomer got %q, want %q", got, last)
				}
				<-leave
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		b.eventually("all have got theirs", func() bool { return p.Stats().Welcomed == uint64(crowd*(round+1)) })
		close(leave)
		wg.Wait()
		b.eventually("they are gone", func() bool { return covered(p, last) == 1 })
	}
	want = append(want, "pytroll://end")
	b.send(p, want[rounds])
	b.expectAll(stays, want)
}

// testWelcomeRefused: what can't be is an error when it is bound.
func testWelcomeRefused(t *testing.T, b *bench) {
	k := &keeper{}
	for name, c := range map[string]transport.PublisherConfig{
		"inproc":    {Endpoint: b.endpoint("inproc://welcome"), Welcome: &transport.Welcome{Frames: k.under}},
		"no frames": {Endpoint: b.endpoint(Any), Welcome: &transport.Welcome{}},
	} {
		if p, err := b.Publisher(c); err == nil {
			t.Errorf("%s: bound %s, want an error", name, p.Endpoint())
		}
	}
}

// testWelcomeAdmittedOnly: one who is not admitted, or not any more, gets nothing.
func testWelcomeAdmittedOnly(t *testing.T, s *site) {
	k := &keeper{}
	p, err := s.Publisher(transport.PublisherConfig{
		Endpoint: s.endpoint(Any),
		Backend:  transport.Secure,
		Security: transport.ServerSecurity{Key: s.server, Gate: s.gate},
		Welcome:  &transport.Welcome{Frames: k.under, Sent: k.add},
	})
	s.must(err)
	s.send(p, "one")
	to := secureAddress(p, s.server)
	alice, _ := s.client(s.alice, to)
	s.expect(alice, "one")
	bob, events := s.client(s.bob, to)
	s.expectFailure(events, transport.FailedSilent, to)
	s.send(p, "two")
	s.gate.Admit("bob", s.bob.Public)
	s.expectEvent(events, transport.Connected, to)
	s.expect(bob, "two")
	s.gate.Revoke(s.bob.Public)
	s.expectEvent(events, transport.Lost, to)
	s.must(bob.Subscribe("t"))
	s.send(p, "three")
	s.expectFailure(events, transport.FailedSilent, to)
	s.expect(alice, "two", "three")
	if got := p.Stats(); got.Welcomed != 2 || got.Access.Revoked != 1 {
		t.Errorf("%d welcomes and %d connections revoked, want 2 and 1", got.Welcomed, got.Access.Revoked)
	}
}

// next waits for one frame. What comes with it is kept for the call that follows, on the same subscriber.
func (b *bench) next(s transport.Subscriber) string {
	frames := b.kept(s)
	for len(*frames) == 0 {
		got, err := s.Receive(b.context())
		if err != nil {
			b.t.Errorf("Receive: %v", err)
			return ""
		}
		*frames = append(*frames, got...)
	}
	f := (*frames)[0]
	*frames = (*frames)[1:]
	return string(f.Body)
}

func (b *bench) kept(s transport.Subscriber) *[]transport.Frame {
	kept, _ := b.ahead.LoadOrStore(s, new([]transport.Frame))
	return kept.(*[]transport.Frame)
}

// expectAll waits for many frames, and no others among them.
func (b *bench) expectAll(s transport.Subscriber, want []string) {
	b.t.Helper()
	for i, w := range want {
		if got := b.next(s); got != w {
			b.t.Fatalf("frame %d of %d: got %q, want %q", i, len(want), got, w)
		}
	}
	if rest := *b.kept(s); len(rest) > 0 {
		b.t.Fatalf("%d frames more than wanted, from %q on", len(rest), rest[0].Body)
	}
}
