package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// A hook and a filter run in the goroutine that receives: whatever they change there must not wait for that goroutine.
func TestHookChangesTheSubscriber(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub, other := w.publisher(9000), w.publisher(9001)
		var sub *pubsub.Subscriber
		sub = w.subscriber(pubsub.SubscriberOptions{
			Addresses: pubsub.URIs(uriA),
			MaxQueued: 1, // the queue is full with one message
			Filter: func(*message.Message) bool {
				w.must(sub.SetTopics("/1", "/2", "/3"))
				return true
			},
		})
		calls := 0
		w.must(sub.AddHookSub(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, []string{""}, func(*message.Message) {
			calls++
			w.must(sub.Remove(uriA))
			w.must(sub.Add(pubsub.Address{URI: uriA}))
			if _, err := sub.Update(pubsub.URIs(uriA)); err != nil {
				t.Error(err)
			}
			w.must(sub.AddHookSub(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, []string{"/none"}, func(*message.Message) {}))
			if _, err := sub.Receive(t.Context()); !errors.Is(err, pubsub.ErrBusy) {
				t.Errorf("receive in a hook: got %v, want ErrBusy", err)
			}
		}))
		w.publish(other, "/h")
		w.publish(pub, "/1", "/2", "/3")
		if got := fmt.Sprint(w.arrived(sub)); got != "[/1 /2 /3]" || calls != 1 {
			t.Errorf("received %s with %d calls of the hook, want [/1 /2 /3] with 1", got, calls)
		}
	})
}

// After a panic of the filter that the program survives, the subscriber goes on with the next message.
func TestFilterPanics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Filter: func(m *message.Message) bool {
			if m.Subject() == "/1" {
				panic("filter")
			}
			return true
		}})
		w.publish(pub, "/1", "/2")
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic of the filter was swallowed")
				}
			}()
			_, _ = sub.Receive(t.Context())
		}()
		if got := fmt.Sprint(w.arrived(sub)); got != "[/2]" {
			t.Errorf("received %s after the panic, want [/2]", got)
		}
	})
}

// Everything at once over real sockets, ended by three closes at once: nothing may deadlock, race or be left over.
func TestChangesRace(t *testing.T) {
	t.Parallel()
	node := realNode(t)
	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "race", Address: "tcp://127.0.0.1:0", Announce: pubsub.AnnounceNone})
	if err != nil {
		t.Fatal(err)
	}
	uri := pub.Endpoint().String()
	sub, err := node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uri), Translate: true, MaxQueued: 4096})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	try := func(do func(i int) error) {
		wg.Go(func() {
			for i := 0; ; i++ {
				err := do(i)
				if errors.Is(err, pubsub.ErrClosed) || errors.Is(err, context.DeadlineExceeded) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	try(func(i int) error { return pub.Publish(ctx, fmt.Sprintf("/%d", i%3), "info", i) })
	try(func(int) error { _, err := sub.Receive(context.Background()); return err })
	try(func(i int) error { return sub.SetTopics(fmt.Sprintf("/%d", i%3), "/1") })
	try(func(int) error { return errors.Join(sub.Remove(uri), sub.Add(pubsub.Address{URI: uri})) })
	try(func(i int) error {
		_, err := sub.Update(pubsub.URIs(uri, fmt.Sprintf("tcp://127.0.0.1:%d", 1+i%2)))
		sub.Stats()
		sub.Addresses()
		return err
	})
	<-ctx.Done()
	for range 3 {
		wg.Go(func() {
			if err := errors.Join(sub.Close(), pub.Close()); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	wg.Wait()
}
