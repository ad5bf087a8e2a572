package zmq

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
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

// TestReceiveRefusedCancelled: a context that is over ends Receive also while nothing comes but what is refused, and that without end.
func TestReceiveRefusedCancelled(t *testing.T) {
	t.Parallel()
	push, at := newPeers(t).bound(zmq4.PUSH)
	p, err := newTransport(t, Options{}).Puller(transport.PullerConfig{Address: transport.Address{Endpoint: at}})
	must(t, err)
	c := p.(*puller).connector
	c.enter() // and the stand-in does not read
	for range 10 * batchFrames {
		_, err := push.SendMessage("two", "frames")
		must(t, err)
	}
	eventually(t, "they arrive", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return processCommands(c.raw)
	})
	c.reading.Unlock()
	must(t, c.readFor(cancelled(t)))
	if n := c.multipart.Load(); n > batchFrames {
		t.Errorf("%d messages were read although the context was over", n)
	}
}

// TestInprocIsReadAtOnce: there is room for less than comes from a publisher of this process within an absence, so somebody reads as soon as the program does
// something else.
func TestInprocIsReadAtOnce(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	s, _ := subscriberTo(t, tr, transport.SubscriberConfig{})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "inproc://near")})
	must(t, err)
	at := transport.Address{Endpoint: p.Endpoint()}
	must(t, s.Connect(at))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	const rounds, burst = 50, 500
	least := patience
	for round := range uint64(rounds) {
		// The program reads itself.
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := s.Receive(soon(t)); err != nil {
				t.Error(err)
			}
		})
		eventually(t, "it waits", s.(*subscriber).presence.isHere)
		must(t, p.Send(t.Context(), []byte("x")))
		waiting.Wait()
		begin := time.Now()
		for range burst {
			must(t, p.Send(t.Context(), []byte("x")))
		}
		for s.Stats().Received < (round+1)*(burst+1) && time.Since(begin) < patience {
			runtime.Gosched()
		}
		least = min(least, time.Since(begin))
		for s.Stats().Queued > 0 {
			_, err := s.Receive(soon(t))
			must(t, err)
		}
	}
	if least > absence/2 {
		t.Errorf("what came was read after %v at best", least)
	}
	must(t, s.Disconnect(at))
	if s.(*subscriber).presence.hurry {
		t.Error("still in a hurry although there is no publisher of this process any more")
	}
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
