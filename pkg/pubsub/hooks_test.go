package pubsub_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// The hook writes what the receiving goroutine reads without a lock: the race detector tells if it were another goroutine.
func TestHookSub(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub, control := w.publisher(9000), w.publisher(9001)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		var heard []string
		w.must(sub.AddHookSub(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, []string{"/address"}, func(m *message.Message) {
			heard = append(heard, m.Subject())
		}))
		w.publish(control, "/address/1", "/other", "/address/2")
		synctest.Wait()
		if len(heard) > 0 {
			t.Errorf("the hook ran before anything received: %q", heard)
		}
		w.publish(pub, "/1")
		if diff := cmp.Diff([]string{"/1"}, w.arrived(sub)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"/address/1", "/address/2"}, heard); diff != "" {
			t.Errorf("the hook heard (-want +got):\n%s", diff)
		}
	})
}

// A hook that is added, or has something to do, while the program waits in Receive is served.
func TestHookWakesAWaitingReceive(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub, control := w.publisher(9000), w.publisher(9001)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		received := make(chan string)
		go func() {
			m, err := sub.Receive(t.Context())
			if err != nil {
				t.Error(err)
			}
			received <- m.Subject()
		}()
		synctest.Wait()
		heard := make(chan string, 10)
		if err := sub.AddHookSub(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, nil, nil); err == nil {
			t.Error("a hook without a callback: no error")
		}
		w.must(sub.AddHookSub(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, []string{""}, func(m *message.Message) { heard <- m.Subject() }))
		for _, subject := range []string{"/a", "/b", "/c"} {
			w.publish(control, subject)
			if got := <-heard; got != subject {
				t.Errorf("the hook heard %s, want %s", got, subject)
			}
		}
		w.publish(pub, "/1")
		if got := <-received; got != "/1" {
			t.Errorf("received %s, want /1", got)
		}
	})
}

func TestHookPull(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		tr := w.network.Transport(hostA)
		endpoint, err := transport.ParseEndpoint("tcp://*:9002")
		w.must(err)
		pusher, err := tr.Pusher(endpoint)
		w.must(err)
		sub := w.subscriber(pubsub.SubscriberOptions{})
		var heard []string
		w.must(sub.AddHookPull(pubsub.Address{URI: "tcp://10.0.0.1:9002"}, func(m *message.Message) { heard = append(heard, m.Subject()) }))
		m, err := message.New("/pushed", "info", nil)
		w.must(err)
		for _, frame := range [][]byte{[]byte("nonsense"), m.Bytes()} {
			w.must(pusher.Send(t.Context(), frame))
		}
		if got := w.arrived(sub); len(got) > 0 {
			t.Errorf("received %q, want nothing", got)
		}
		if diff := cmp.Diff([]string{"/pushed"}, heard); diff != "" {
			t.Errorf("the hook heard (-want +got):\n%s", diff)
		}
		if got := sub.Stats().Bad; got != 1 {
			t.Errorf("%d bad frames, want 1", got)
		}
	})
}

// Neither a busy hook nor a busy publisher keeps the other from its turn.
func TestHooksAndMessagesTakeTurns(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub, control := w.publisher(9000), w.publisher(9001)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		hooked := 0
		w.must(sub.AddHookSub(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, []string{""}, func(*message.Message) {
			hooked++
			w.publish(control, "/again") // there is always one more
		}))
		w.publish(control, "/first")
		synctest.Wait()
		for i := range 100 {
			w.publish(pub, "/1")
			if _, err := sub.Receive(t.Context()); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
			synctest.Wait()
		}
		if hooked < 50 {
			t.Errorf("the hook ran %d times during 100 messages", hooked)
		}
	})
}

func TestCloseFromAHook(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		control := w.publisher(9001)
		sub := w.subscriber(pubsub.SubscriberOptions{})
		w.must(sub.AddHookSub(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, []string{""}, func(*message.Message) { w.close(sub) }))
		w.publish(control, "/stop", "/more")
		for m, err := range sub.Messages(t.Context()) {
			t.Errorf("item: %v, %v", m, err)
		}
		if err := sub.AddHookSub(pubsub.Address{URI: uriA}, []string{""}, nil); err == nil {
			t.Error("a hook was added to a closed subscriber")
		}
	})
}
