package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// batchOf receives a batch of so many at most, and returns what came from where; "!" stands for a frame that is no message.
func (w world) batchOf(sub *pubsub.Subscriber, size int) []string {
	w.Helper()
	batch, err := sub.ReceiveBatch(w.Context(), make([]pubsub.Received, 0, size))
	w.must(err)
	return w.describe(batch)
}

// describe returns what was received from where.
func (w world) describe(batch []pubsub.Received) (got []string) {
	w.Helper()
	for _, r := range batch {
		what := "!"
		if r.Message != nil {
			what = r.Message.Subject()
		}
		var bad *pubsub.FrameError
		if (r.Message == nil) != errors.As(r.Err, &bad) {
			w.Errorf("message %v with error %v", r.Message, r.Err)
		}
		got = append(got, what+" "+r.From.String())
	}
	return got
}

func TestReceiveBatch(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		second := w.publisher(9001)
		node, _ := w.node(hostA, pubsub.Settings{})
		first := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone, Lax: true})
		sub := w.subscriber(pubsub.SubscriberOptions{
			Addresses: pubsub.URIs(uriA, "tcp://10.0.0.1:9001"), Attribute: true, Filter: func(m *message.Message) bool { return m.Subject() != "/filtered" },
		})
		w.publish(first, "/1", "/filtered", "/2")
		w.must(first.SendText(t.Context(), "pytroll://x"))
		w.publish(second, "/3")
		if !sub.Pending() {
			t.Error("nothing is pending")
		}
		if diff := cmp.Diff([]string{"/1 " + uriA, "/2 " + uriA}, w.batchOf(sub, 2)); diff != "" {
			t.Errorf("first batch (-want +got):\n%s", diff)
		}
		if !sub.Pending() {
			t.Error("nothing is pending behind the first batch")
		}
		if diff := cmp.Diff([]string{"! " + uriA, "/3 tcp://10.0.0.1:9001"}, w.batchOf(sub, 10)); diff != "" {
			t.Errorf("second batch (-want +got):\n%s", diff)
		}
		if sub.Pending() {
			t.Error("something is pending")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := sub.ReceiveBatch(ctx, nil); len(got) != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, %v, want the end of the context", got, err)
		}
		w.close(sub)
		if _, err := sub.ReceiveBatch(t.Context(), nil); !errors.Is(err, pubsub.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

// What is there is taken without waiting, and what is for nobody any more does not make it wait.
func TestTakeBatch(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone, Lax: true})
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Attribute: true})
		take := func(room int, want ...string) {
			t.Helper()
			got, err := sub.TakeBatch(t.Context(), make([]pubsub.Received, 0, room))
			w.must(err)
			if diff := cmp.Diff(want, w.describe(got)); diff != "" {
				t.Errorf("took (-want +got):\n%s", diff)
			}
		}
		take(10)
		w.publish(pub, "/1", "/2", "/3")
		take(2, "/1 "+uriA, "/2 "+uriA)
		take(2, "/3 "+uriA)
		take(2)
		w.publish(pub, "/4", "/5", "/6")
		w.must(sub.SetTopics("/5"))
		take(2, "/5 "+uriA)
		w.publish(pub, "/5")
		w.must(sub.SetTopics("/6"))
		take(2) // all that is there is stale

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w.publish(pub, "/6")
		if got, err := sub.TakeBatch(ctx, make([]pubsub.Received, 0, 1)); len(got) != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, %v, want the end of the context", got, err)
		}
		w.close(sub)
		if _, err := sub.TakeBatch(t.Context(), make([]pubsub.Received, 0, 1)); !errors.Is(err, pubsub.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

// A message ends the wait also where it comes behind a frame that is none.
// TestRecycle: the messages of a batch hold until the next one is received, hooks' messages and what a filter or a bad frame is among them do not matter.
func TestRecycle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		first := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone, Lax: true})
		sub := w.subscriber(pubsub.SubscriberOptions{
			Addresses: pubsub.URIs(uriA), Recycle: true, Filter: func(m *message.Message) bool { return m.Subject() != "/filtered" },
		})
		var want, got []string
		check := func(batch []pubsub.Received, err error) {
			w.must(err)
			got = append(got, w.describe(batch)...)
		}
		for i := range 300 {
			subject := fmt.Sprintf("/%d", i)
			w.publish(first, subject, "/filtered")
			want = append(want, subject+" ")
		}
		w.must(first.SendText(t.Context(), "pytroll://x"))
		want = append(want, "! ")
		for len(got) < 100 {
			check(sub.ReceiveBatch(t.Context(), make([]pubsub.Received, 0, 70)))
		}
		for len(got) < len(want) {
			check(sub.TakeBatch(t.Context(), make([]pubsub.Received, 0, 1000)))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		w.publish(first, "/one")
		m, err := sub.Receive(t.Context())
		w.must(err)
		w.publish(first, "/two") // comes in, and is not received yet
		synctest.Wait()
		if m.Subject() != "/one" {
			t.Errorf("got %s, want /one", m.Subject())
		}
	})
}

func TestReceiveBatchTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone, Lax: true})
		sub := w.subscriber(pubsub.SubscriberOptions{
			Addresses: pubsub.URIs(uriA), Attribute: true, Timeout: 5 * time.Second,
			// What comes meanwhile is in one batch.
			Filter: func(m *message.Message) bool { time.Sleep(time.Millisecond); return m.Subject() != "/filtered" },
		})
		go func() {
			time.Sleep(3 * time.Second)
			w.publish(pub, "/filtered")
			time.Sleep(time.Microsecond) // it is in the filter now
			w.must(pub.SendText(t.Context(), "pytroll://x"))
			w.publish(pub, "/good")
		}()
		if diff := cmp.Diff([]string{"! " + uriA, "/good " + uriA}, w.batchOf(sub, 10)); diff != "" {
			t.Errorf("batch (-want +got):\n%s", diff)
		}
		before := time.Now()
		if _, err := sub.ReceiveBatch(t.Context(), nil); !errors.Is(err, pubsub.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", err)
		}
		if waited := time.Since(before); waited != 5*time.Second {
			t.Errorf("timeout after %v, want 5s", waited)
		}
	})
}

// A publisher that is not accepted is passed over, and told of once.
func TestAccept(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		ns := w.startNameserver()
		for _, uri := range []string{"tcp://10.0.0.1:9001", "tcp://10.0.0.1:9002"} {
			ns.add(uri, "viirs")
		}
		o := services("viirs")
		o.Accept = func(e discovery.Entry) error {
			if e.URI == "tcp://10.0.0.1:9001" {
				return errors.New("not that one")
			}
			return nil
		}
		sub, logs := w.loggingSubscriber(o)
		sleep(time.Second)
		ns.add("tcp://10.0.0.1:9001", "viirs")
		sleep(time.Minute)
		if got, want := uris(sub), "tcp://10.0.0.1:9002"; got != want {
			t.Errorf("connected to %q, want %q", got, want)
		}
		if diff := cmp.Diff("publisher passed over|publisher added", lines(logs)); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

func BenchmarkReceive(b *testing.B) {
	frame := []byte("pytroll://segment/SDR/1B/nrk/prod file safuser@host 2018-10-25T01:15:54.752065 v1.01 application/json " + fmt.Sprintf("%600q", "x"))
	for _, bench := range []struct {
		name string
		size int
		o    pubsub.SubscriberOptions
	}{
		{"one by one", 1, pubsub.SubscriberOptions{}},
		{"batches", 256, pubsub.SubscriberOptions{}},
		{"attributed", 256, pubsub.SubscriberOptions{Attribute: true}},
		{"silence", 256, pubsub.SubscriberOptions{SilenceFactor: 3}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			bench.o.Queue = 10_000
			pub, sub := pair(b, pubsub.PublisherOptions{Queue: 10_000, Lax: true}, bench.o)
			batch := make([]pubsub.Received, 0, bench.size)
			if err := pub.Heartbeat(b.Context(), time.Hour); err != nil {
				b.Fatal(err)
			}
			for under := 0; b.Loop(); {
				if err := pub.SendFrame(b.Context(), frame); err != nil {
					b.Fatal(err)
				}
				for under++; under >= 5000; {
					got, err := sub.ReceiveBatch(b.Context(), batch)
					if err != nil {
						b.Fatal(err)
					}
					under -= len(got)
				}
			}
		})
	}
}
