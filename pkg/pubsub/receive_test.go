package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

const uriA = "tcp://10.0.0.1:9000"

func TestTopics(t *testing.T) {
	t.Parallel()
	sent := []string{"/counter/1", "/viirs/l1b", "/viirs_raw", "no_slash", "/IMG+SAT/x"}
	tests := []struct {
		name     string
		topics   []string
		services []string
		want     []string
	}{
		{name: "by default every topic, so none without a slash", want: []string{"/counter/1", "/viirs/l1b", "/viirs_raw", "/IMG+SAT/x"}},
		{name: "with services every subject", services: []string{"none"}, want: sent},
		{name: "an empty list is nothing", topics: []string{}, want: []string{}},
		{name: "an empty topic is every topic", topics: []string{""}, want: []string{"/counter/1", "/viirs/l1b", "/viirs_raw", "/IMG+SAT/x"}},
		{name: "without slash", topics: []string{"counter"}, want: []string{"/counter/1"}},
		{name: "with slash", topics: []string{"/counter"}, want: []string{"/counter/1"}},
		{name: "with a trailing slash", topics: []string{"/viirs/"}, want: []string{"/viirs/l1b"}},
		{name: "a prefix, not a path", topics: []string{"/viirs"}, want: []string{"/viirs/l1b", "/viirs_raw"}},
		{name: "a plus is itself", topics: []string{"/IMG+SAT"}, want: []string{"/IMG+SAT/x"}},
		{name: "the magic is kept", topics: []string{"pytroll:/no"}, want: []string{"no_slash"}},
		{name: "each message once", topics: []string{"/viirs", "viirs", "/viirs/l1b"}, want: []string{"/viirs/l1b", "/viirs_raw"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				pub := w.publisher(9000)
				sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Topics: tt.topics, Services: tt.services})
				w.publish(pub, sent...)
				if diff := cmp.Diff(tt.want, w.arrived(sub)); diff != "" {
					t.Errorf("received (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestMessagesEndWithContext(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		w.publish(pub, "/1", "/2", "/3")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got []string
		for m, err := range sub.Messages(ctx) {
			if err != nil {
				t.Errorf("error item: %v", err)
			}
			if got = append(got, m.Subject()); len(got) == 2 {
				cancel() // a message that is there is not waited for
			}
		}
		if diff := cmp.Diff([]string{"/1", "/2"}, got); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"/3"}, w.arrived(sub)); diff != "" {
			t.Errorf("received later (-want +got):\n%s", diff)
		}
	})
}

func TestCancelReleasesAWaitingReceive(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		sub := w.subscriber(pubsub.SubscriberOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		before := time.Now()
		if _, err := sub.Receive(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if waited := time.Since(before); waited != time.Minute {
			t.Errorf("it took %v after the call, want 1m", waited)
		}
	})
}

func TestCloseEndsMessages(t *testing.T) {
	tests := map[string]func(w world, sub *pubsub.Subscriber){
		"while it waits": func(w world, sub *pubsub.Subscriber) {
			time.AfterFunc(time.Second, func() { w.close(sub) })
		},
		"before": func(w world, sub *pubsub.Subscriber) { w.close(sub) },
	}
	for name, closing := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				sub := w.subscriber(pubsub.SubscriberOptions{})
				closing(w, sub)
				for m, err := range sub.Messages(t.Context()) {
					t.Errorf("item: %v, %v", m, err)
				}
				if _, err := sub.Receive(t.Context()); !errors.Is(err, pubsub.ErrClosed) {
					t.Errorf("receive: got %v, want ErrClosed", err)
				}
			})
		})
	}
}

func TestCloseFromTheLoop(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		w.publish(pub, "/1", "/2")
		n := 0
		for range sub.Messages(t.Context()) {
			n++
			w.close(sub)
		}
		if n != 1 {
			t.Errorf("%d items, want 1: what is queued is dropped", n)
		}
	})
}

// A frame that is no message is told of, but is not what the timeout waits for.
func TestTimeoutIsNotRestartedByBadFrames(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := w.publisherOn(node, pubsub.PublisherOptions{Name: "test", Port: 9000, Announce: pubsub.AnnounceNone, Lax: true})
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Timeout: 5 * time.Second})
		w.publish(pub, "/first")
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 12 {
				time.Sleep(700 * time.Millisecond)
				w.must(pub.SendText(t.Context(), "pytroll://bad"))
			}
		}()
		before := time.Now()
		var got []string
		for m, err := range sub.Messages(t.Context()) {
			switch {
			case err == nil:
				got = append(got, m.Subject())
				continue
			case errors.Is(err, pubsub.ErrTimeout):
				got = append(got, time.Since(before).String())
			default:
				got = append(got, "!")
			}
			if len(got) == 9 {
				break
			}
		}
		want := []string{"/first", "!", "!", "!", "!", "!", "!", "!", "5s"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
		<-done
	})
}

// A message that the filter drops, a hook's message and a publisher that comes must not restart the timeout.
func TestTimeoutIsNotRestarted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{
			Addresses: pubsub.URIs(uriA),
			Timeout:   5 * time.Second,
			Filter:    func(m *message.Message) bool { return m.Type() == "file" },
		})
		hooked := 0
		w.must(sub.AddHookSub(pubsub.Address{URI: uriA}, []string{""}, func(*message.Message) { hooked++ }))
		stop := make(chan struct{})
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(700 * time.Millisecond):
					w.publish(pub, "/info")
					w.must(sub.Add(pubsub.Address{URI: fmt.Sprintf("tcp://10.0.1.1:%d", 9000+i)}))
				}
			}
		}()
		before := time.Now()
		_, err := sub.Receive(t.Context())
		close(stop)
		if !errors.Is(err, pubsub.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", err)
		}
		if waited := time.Since(before); waited != 5*time.Second {
			t.Errorf("timeout after %v, want 5s", waited)
		}
		if hooked == 0 {
			t.Error("the hook was never called")
		}
		synctest.Wait()
	})
}

func TestTimeoutIsAnItem(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Timeout: time.Second})
		time.AfterFunc(2500*time.Millisecond, func() { w.publish(pub, "/late") })
		var got []string
		for m, err := range sub.Messages(t.Context()) {
			if err != nil {
				got = append(got, err.Error())
				continue
			}
			got = append(got, m.Subject())
			break
		}
		want := []string{"no message in time", "no message in time", "/late"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

func TestFilter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{
			Addresses: pubsub.URIs(uriA),
			Filter:    func(m *message.Message) bool { return strings.HasSuffix(m.Subject(), "yes") },
		})
		w.publish(pub, "/1/yes", "/2/no", "/3/yes")
		if diff := cmp.Diff([]string{"/1/yes", "/3/yes"}, w.arrived(sub)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		got := sub.Stats()
		want := pubsub.SubscriberStats{Received: 3, Delivered: 2, Filtered: 1}
		if got != want {
			t.Errorf("stats: got %+v, want %+v", got, want)
		}
	})
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	tests := []struct{ sender, want string }{
		{"safusr@lx1", "safusr@10.0.0.1"},
		{"safusr.t@lx1@home", "safusr.t@10.0.0.1"},
		{"nobody", "nobody@10.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.sender, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				pub := w.publisher(9000)
				sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Translate: true})
				const frame = `pytroll://a file %s 2024-05-17T09:41:12.345678 v1.01 application/json {"x":  1.50}`
				w.must(pub.SendText(t.Context(), fmt.Sprintf(frame, tt.sender)))
				m, err := sub.Receive(t.Context())
				w.must(err)
				if want := fmt.Sprintf(frame, tt.want); string(m.Bytes()) != want {
					t.Errorf("got  %s\nwant %s", m.Bytes(), want)
				}
			})
		})
	}
}

func TestBadFrames(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone, Lax: true})
		sub, logs := w.loggingSubscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Topics: []string{"pytroll:/"}})
		const bad = "pytroll://a info me@x yesterday v1.01"
		for range 20 {
			w.must(pub.SendText(t.Context(), bad))
		}
		w.must(pub.SendText(t.Context(), "pytroll://a info me@x 2024-05-17T09:41:12 v9"))
		w.publish(pub, "/good")

		_, err := sub.Receive(t.Context())
		var frame *pubsub.FrameError
		if !errors.As(err, &frame) || string(frame.Frame) != bad {
			t.Fatalf("got %v, want a FrameError with the frame", err)
		}
		var cause *message.Error
		if !errors.As(err, &cause) || cause.Field != "time" {
			t.Errorf("got %v, want an error about the time", err)
		}
		got := w.arrived(sub)
		if want := strings.Repeat("!", 20) + "/good"; strings.Join(got, "") != want {
			t.Errorf("after it came %q, want 20 bad and a good one", got)
		}
		if got := sub.Stats().Bad; got != 21 {
			t.Errorf("counted %d, want 21", got)
		}
		var counts []int64
		for _, entry := range logs.FilterMessage("received frame is no message").All() {
			counts = append(counts, int64(entry.ContextMap()["count"].(uint64)))
		}
		if diff := cmp.Diff([]int64{1, 10, 1}, counts); diff != "" {
			t.Errorf("counts in the log (-want +got):\n%s", diff)
		}
	})
}

func TestOneGoroutineReceives(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		done := make(chan error)
		go func() {
			_, err := sub.Receive(t.Context())
			done <- err
		}()
		synctest.Wait()
		if _, err := sub.Receive(t.Context()); !errors.Is(err, pubsub.ErrBusy) {
			t.Errorf("second receive: got %v, want ErrBusy", err)
		}
		w.publish(pub, "/1")
		if err := <-done; err != nil {
			t.Errorf("first receive: %v", err)
		}
	})
}

// Nothing is lost between the socket and a program that takes its time, and no more than MaxQueued waits.
func TestQueueIsBoundedAndLossless(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const (
			maxQueued = 64 << 10
			total     = 2000
		)
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		pub := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone, Queue: total})
		sub, logs := w.loggingSubscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), MaxQueued: maxQueued, Queue: total})
		padding := strings.Repeat("x", 900)
		for i := range total {
			w.must(pub.Publish(t.Context(), fmt.Sprintf("/%d", i), "info", padding))
		}
		synctest.Wait()
		if queued := sub.Stats().Queued; queued > maxQueued/2+2000 || queued == 0 {
			t.Errorf("%d bytes queued, want at most half of %d", queued, maxQueued)
		}
		for i := range total {
			m, err := sub.Receive(t.Context())
			w.must(err)
			if want := fmt.Sprintf("/%d", i); m.Subject() != want {
				t.Fatalf("got %s, want %s", m.Subject(), want)
			}
		}
		w.publish(pub, "/after")
		if diff := cmp.Diff([]string{"/after"}, w.arrived(sub)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		want := "queue was full: publishers are not read while the program does not keep up|queue has room again"
		if got := lines(logs); got != want {
			t.Errorf("logged %q, want %q", got, want)
		}
	})
}

func TestSetTopics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Topics: []string{"/a", "/b"}})
		w.publish(pub, "/a/1", "/b/1")
		w.must(sub.SetTopics("/b", "/c"))
		w.publish(pub, "/a/2", "/b/2", "/c/2")
		if diff := cmp.Diff([]string{"/b/1", "/b/2", "/c/2"}, w.arrived(sub)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		w.must(sub.SetTopics())
		w.publish(pub, "/b/3")
		if diff := cmp.Diff([]string{}, w.arrived(sub)); diff != "" {
			t.Errorf("received without topics (-want +got):\n%s", diff)
		}
	})
}
