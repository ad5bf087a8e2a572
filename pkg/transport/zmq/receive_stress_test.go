package zmq

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestReceiveStress: several goroutines receive in turns, with contexts that end at any moment, look for what is pending, or stay away for a while; others connect and
// disconnect. Nothing is lost, comes twice or in another order, and Close in the middle of it ends all.
func TestReceiveStress(t *testing.T) {
	t.Parallel()
	const each = 5000
	tr := newTransport(t, Options{})
	s, _ := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{Attribute: true, SocketOptions: transport.SocketOptions{Queue: each}})
	names := make(map[transport.Endpoint]string)
	for _, name := range []string{"a", "b"} {
		at, begin := numbered(t, tr, name, each)
		names[at] = name
		must(t, s.Connect(transport.Address{Endpoint: at}))
		defer begin()()
	}
	var turn sync.Mutex // who receives; under it, what has come
	seen, total := make(order), 0
	var all atomic.Bool
	receive := func() error {
		turn.Lock()
		defer turn.Unlock()
		ctx, cancel := context.WithTimeout(soon(t), rand.N(2*time.Millisecond))
		defer cancel()
		if rand.N(3) == 0 {
			s.Pending()
		}
		frames, err := s.Receive(ctx)
		total += seen.check(t, frames, names)
		all.Store(total >= 2*each)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		return err
	}
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for receive() == nil {
				if rand.N(10) == 0 {
					time.Sleep(rand.N(3 * absence)) // the program does something else
				}
			}
		})
	}
	running.Go(func() {
		gone := transport.Address{Endpoint: endpoint(t, "tcp://127.0.0.1:1")}
		for s.Connect(gone) == nil && s.Disconnect(gone) == nil {
			time.Sleep(rand.N(time.Millisecond))
		}
	})
	eventually(t, fmt.Sprintf("all of %d messages", 2*each), all.Load)
	must(t, s.Close())
	running.Wait()
	if total != 2*each {
		t.Errorf("%d messages, want %d", total, 2*each)
	}
	if err := receive(); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestCloseWhileReceiving: a subscriber is closed while messages of all sizes come, some of them in libzmq's memory, and several goroutines receive in turns.
func TestCloseWhileReceiving(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	var sending sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer sending.Wait()
	defer stop()
	sending.Go(func() {
		frame := make([]byte, 3*keptBytes)
		for ctx.Err() == nil {
			if err := p.Send(ctx, frame[:rand.N(len(frame))]); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			time.Sleep(10 * time.Microsecond)
		}
	})
	for round := range 20 {
		s, _ := subscriberTo(t, tr, transport.SubscriberConfig{Recycle: round%3 == 0}, p.Endpoint())
		eventually(t, "messages come", func() bool { return s.Stats().Received > 0 })
		var turn sync.Mutex
		var running sync.WaitGroup
		for range 3 {
			running.Go(func() {
				for {
					turn.Lock()
					_, err := s.Receive(soon(t))
					turn.Unlock()
					if errors.Is(err, transport.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					time.Sleep(rand.N(2 * absence))
				}
			})
		}
		time.Sleep(rand.N(20 * time.Millisecond))
		must(t, s.Close())
		running.Wait()
		if in := s.(*subscriber).in; in.some() || countKept(in) > 0 {
			t.Error("something is left in libzmq's memory")
		}
	}
}
