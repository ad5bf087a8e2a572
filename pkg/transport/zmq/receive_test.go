package zmq

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// numbered sends n messages "NAME 0", "NAME 1", … from a publisher of its own, none before begin.
func numbered(t *testing.T, tr *Transport, name string, n int) (at transport.Endpoint, begin func() (wait func())) {
	t.Helper()
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), SocketOptions: transport.SocketOptions{Queue: n}})
	must(t, err)
	return p.Endpoint(), func() func() {
		must(t, p.WaitSubscribed(soon(t), "", 1))
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range n {
				if err := p.Send(t.Context(), fmt.Appendf(nil, "%s %d", name, i)); err != nil {
					t.Errorf("%s %d: %v", name, i, err)
					return
				}
			}
		})
		return wg.Wait
	}
}

// order checks that the messages of numbered come one after the other.
type order map[string]int

func (o order) check(t *testing.T, frames []transport.Frame, names map[transport.Endpoint]string) (n int) {
	t.Helper()
	for _, f := range frames {
		var name string
		var i int
		if _, err := fmt.Sscanf(string(f.Body), "%s %d", &name, &i); err != nil {
			t.Fatalf("%q: %v", f.Body, err)
		}
		if i != o[name] {
			t.Fatalf("message %d of %s, want %d", i, name, o[name])
		}
		if names[f.From] != name {
			t.Fatalf("message %q came from %v, whose are %q", f.Body, f.From, names[f.From])
		}
		o[name]++
	}
	return len(frames)
}

// TestStandIn: the program reads itself, or the stand-in does, or one takes over from the other while messages come, and publishers too. Nothing is lost, comes
// twice, out of order, or in another's name.
func TestStandIn(t *testing.T) {
	t.Parallel()
	for _, recycle := range []bool{false, true} {
		t.Run(fmt.Sprintf("recycle %v", recycle), func(t *testing.T) {
			t.Parallel()
			tr := newTransport(t, Options{})
			const each = 20_000
			names := make(map[transport.Endpoint]string)
			var begins []func() func()
			s, _ := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{Recycle: recycle, Attribute: true, SocketOptions: transport.SocketOptions{Queue: each}})
			for _, name := range []string{"a", "b", "c"} {
				at, begin := numbered(t, tr, name, each)
				names[at] = name
				must(t, s.Connect(transport.Address{Endpoint: at}))
				begins = append(begins, begin)
			}
			for _, begin := range begins {
				defer begin()()
			}
			gone := transport.Address{Endpoint: endpoint(t, "tcp://127.0.0.1:1")}
			seen, total := make(order), 0
			for i := 0; total < 3*each; i++ {
				frames, err := s.Receive(soon(t))
				must(t, err)
				total += seen.check(t, frames, names)
				switch {
				case i%7 == 3 && total < 3*each:
					eventually(t, "more was read while the program was away", func() bool { return s.Stats().Received > uint64(total) })
				case i%5 == 2:
					if !s.Pending() {
						continue
					}
					frames, err := s.Receive(cancelled(t))
					if !errors.Is(err, context.Canceled) || len(frames) > 0 {
						t.Fatalf("with a context that is over: %d frames, %v", len(frames), err)
					}
				case i%11 == 4:
					must(t, s.Connect(gone))
				case i%11 == 9:
					must(t, s.Disconnect(gone))
				}
			}
			if got := s.Stats(); got.Received != 3*each || got.Queued != 0 {
				t.Errorf("stats %+v, want %d received and nothing queued", got, 3*each)
			}
		})
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// TestReceiveCancelled: a context may end at any moment of a wait. Receive returns at once then, and nothing is lost.
func TestReceiveCancelled(t *testing.T) {
	t.Parallel()
	const n = 20_000
	at, begin := numbered(t, newTransport(t, Options{}), "a", n)
	s, _ := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{Attribute: true, SocketOptions: transport.SocketOptions{Queue: n}}, at)
	names := map[transport.Endpoint]string{at: "a"}
	defer begin()()
	seen, total := make(order), 0
	for total < n {
		ctx, cancel := context.WithCancel(soon(t))
		var wg sync.WaitGroup
		wg.Go(cancel)
		frames, err := s.Receive(ctx)
		wg.Wait()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		total += seen.check(t, frames, names)
	}
}
