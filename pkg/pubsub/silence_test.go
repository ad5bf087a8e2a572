package pubsub_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

const silentLine = "publisher is silent: connecting anew"

// listening is a subscriber to publishers on hostA that receives all the time.
type listening struct {
	world
	*pubsub.Subscriber
	logs *observer.ObservedLogs

	mu       sync.Mutex
	subjects []string
	events   []string
}

// listen makes one of the publishers on these ports.
func (w world) listen(o pubsub.SubscriberOptions, ports ...int) *listening {
	w.Helper()
	l := &listening{world: w}
	for _, port := range ports {
		o.Addresses = append(o.Addresses, pubsub.Address{URI: fmt.Sprintf("tcp://10.0.0.1:%d", port)})
	}
	o.Events = l.event
	l.Subscriber, l.logs = w.loggingSubscriber(o)
	var receiving sync.WaitGroup
	receiving.Go(func() {
		for m, err := range l.Messages(w.Context()) {
			if err != nil {
				w.Error(err)
				continue
			}
			l.mu.Lock()
			l.subjects = append(l.subjects, m.Subject())
			l.mu.Unlock()
		}
	})
	w.Cleanup(func() { w.must(l.Close()); receiving.Wait() })
	synctest.Wait()
	return l
}

func (l *listening) event(e transport.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, fmt.Sprint(e.Kind, " ", e.Peer.Endpoint.Port()))
}

// check looks at what has become of it: how often a publisher was silent, and what was received and told since the last time.
func (l *listening) check(silent uint64, subjects, events string) {
	l.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := l.Stats().Silent; got != silent {
		l.Errorf("silent %d times, want %d", got, silent)
	}
	if got := l.logs.FilterMessage(silentLine).Len(); got != int(silent) {
		l.Errorf("%d lines about it in the log, want %d", got, silent)
	}
	if got := strings.Join(l.subjects, " "); got != subjects {
		l.Errorf("received %q, want %q", got, subjects)
	}
	if got := strings.Join(l.events, ", "); got != events {
		l.Errorf("events %q, want %q", got, events)
	}
	l.subjects, l.events = nil, nil
}

// beat sends a heartbeat that promises the next one within interval, which is seconds or anything else.
func (w world) beat(pub *pubsub.Publisher, name string, interval any) {
	w.Helper()
	data := message.NewObject(message.Member{Key: "min_interval", Value: interval})
	w.must(pub.Publish(w.Context(), "/heartbeat/"+name, "beat", data))
}

func segments() pubsub.SubscriberOptions {
	return pubsub.SubscriberOptions{Topics: []string{"/segment"}, SilenceFactor: 3}
}

// A publisher that has promised to be heard and is silent is reconnected once, and the others are not. Its heartbeats are not for the program.
func TestSilence(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub, other := w.publisher(9001), w.publisher(9002)
		sub := w.listen(segments(), 9001, 9002)
		sub.check(0, "", "1 9001, 1 9002")
		w.must(pub.Heartbeat(t.Context(), 10*time.Second))
		w.publish(other, "/segment/b")
		for range 10 { // other messages are a sign of life too, whether they come with heartbeats or not
			sleep(29 * time.Second)
			w.publish(pub, "/segment/a")
		}
		sub.check(0, "/segment/b"+strings.Repeat(" /segment/a", 10), "")
		sleep(30*time.Second - 1)
		sub.check(0, "", "")
		sleep(1)
		sub.check(1, "", "2 9001, 1 9001")
		line := sub.logs.FilterMessage(silentLine).All()[0].ContextMap()
		if diff := cmp.Diff(map[string]any{"uri": "tcp://10.0.0.1:9001", "age": 30 * time.Second}, line); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		sleep(time.Hour)
		w.publish(pub, "/segment/c")
		sub.check(1, "/segment/c", "")

		w.must(pub.Heartbeat(t.Context(), 10*time.Second))
		synctest.Wait()
		if n := sub.logs.FilterMessage("publisher heard again").Len(); n != 1 {
			t.Errorf("%d lines about the return in the log, want 1", n)
		}
		sleep(59 * time.Second) // it has more time now
		sub.check(1, "", "")
		sleep(time.Second)
		sub.check(2, "", "2 9001, 1 9001")
	})
}

// What keeps a publisher from being taken for silent.
func TestNotSilent(t *testing.T) {
	for name, tt := range map[string]struct {
		options pubsub.SubscriberOptions
		do      func(w world, pub *pubsub.Publisher)
		silent  uint64
		events  string
	}{
		"it has died, and the transport is after it": {do: func(w world, pub *pubsub.Publisher) {
			w.beat(pub, "a", 10)
			sleep(time.Second)
			w.must(pub.Close())
		}, events: ", 2 9001"},
		"it has no heartbeat": {do: func(w world, pub *pubsub.Publisher) { w.publish(pub, "/other") }},
		"it promises nothing that could be counted on": {do: func(w world, pub *pubsub.Publisher) {
			for _, interval := range []any{nil, 0, -1, "10", true, math.NaN(), math.Inf(1), 1e300, int64(math.MaxInt64), 86401, 1e-300, []int{10}} {
				w.beat(pub, "a", interval)
			}
			for _, text := range []string{`[10]`, `{}`, `"x"`, `{"min_interval": 1`, `{"min_interval": 10, "x": "` + strings.Repeat("x", 5000) + `"}`} {
				w.must(pub.SendFrame(w.Context(), []byte("pytroll://heartbeat/a beat a@b 2026-01-01T00:00:00 v1.01 application/json "+text)))
			}
			for _, frame := range []string{
				"pytroll://heartbeat/", "pytroll://heartbeat/a beat", `pytroll://heartbeat/a info a@b 2026-01-01T00:00:00 v1.01 application/json {"min_interval": 10}`,
				"pytroll://heartbeat/a beat a@b 2026-01-01T00:00:00 v1.01 text/ascii 10", `pytroll://heartbeats beat a@b 2026-01-01T00:00:00 v1.01 application/json {"min_interval": 10}`,
			} {
				w.must(pub.SendFrame(w.Context(), []byte(frame)))
			}
		}},
		"its loop is slower than it says": {do: func(w world, pub *pubsub.Publisher) {
			for range 90 {
				w.beat(pub, "a", 10)
				sleep(40 * time.Second)
			}
		}, silent: 1, events: ", 2 9001, 1 9001"},
		"one of those that it passes on has died": {do: func(w world, pub *pubsub.Publisher) {
			w.beat(pub, "a", 10)
			for range 60 {
				w.beat(pub, "b", 60)
				sleep(time.Minute)
			}
		}},
		"it is asked for nothing": {options: pubsub.SubscriberOptions{Topics: []string{}, SilenceFactor: 3}, do: func(w world, pub *pubsub.Publisher) {
			if got := pub.Subscriptions(); len(got) > 0 {
				w.Errorf("subscribed to %v, want nothing", got)
			}
			w.beat(pub, "a", 10)
		}},
		"nobody cares": {options: pubsub.SubscriberOptions{Attribute: true}, do: func(w world, pub *pubsub.Publisher) { w.beat(pub, "a", 10) }},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				node, _ := w.node(hostA, pubsub.Settings{})
				pub := w.publisherOn(node, pubsub.PublisherOptions{Name: "test", Port: 9001, Announce: pubsub.AnnounceNone, Lax: true})
				o := tt.options
				if o.SilenceFactor == 0 && !o.Attribute {
					o = segments()
				}
				sub := w.listen(o, 9001)
				tt.do(w, pub)
				if o.Attribute {
					sleep(time.Hour)
					sub.check(0, "/heartbeat/a", "1 9001")
					return
				}
				sleep(15 * time.Second)
				sub.check(tt.silent, "", "1 9001"+tt.events)
				if name != "its loop is slower than it says" && name != "one of those that it passes on has died" {
					sleep(time.Hour)
					sub.check(tt.silent, "", "")
				}
			})
		})
	}
}

// Who stops asking is not told anything, and takes nobody for silent; and heartbeats that are asked for are given to the program.
func TestSilenceTopics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9001)
		sub := w.listen(segments(), 9001)
		topics := func() (list []string) {
			for _, s := range pub.Subscriptions() {
				list = append(list, s.Topic)
			}
			return list
		}
		for _, tt := range []struct{ topics, wire, got string }{
			{"/a /b", "pytroll://a pytroll://b pytroll://heartbeat/", ""},
			{"/heartbeat/x", "pytroll://heartbeat/ pytroll://heartbeat/x", "/heartbeat/x"},
			{"/heart", "pytroll://heart", "/heartbeat/x /heartbeat/y"},
			{"", "", ""},
		} {
			w.must(sub.SetTopics(strings.Fields(tt.topics)...))
			synctest.Wait()
			if got := strings.Join(topics(), " "); got != tt.wire {
				t.Errorf("topics %q: subscribed to %q, want %q", tt.topics, got, tt.wire)
			}
			w.beat(pub, "x", 10)
			w.beat(pub, "y", 10)
			sub.check(0, tt.got, map[bool]string{true: "1 9001"}[tt.topics == "/a /b"])
		}
		sleep(time.Hour)
		sub.check(0, "", "")
	})
}

// An address with topics of its own is watched too.
func TestSilenceOwnTopics(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9001)
		sub := w.listen(segments())
		w.must(sub.Add(pubsub.Address{URI: "tcp://10.0.0.1:9001"}, "/own"))
		sub.check(0, "", "1 9001")
		w.must(pub.Heartbeat(t.Context(), 10*time.Second))
		w.publish(pub, "/segment", "/own")
		sleep(29 * time.Second)
		sub.check(0, "/own", "")
		sleep(time.Second)
		sub.check(1, "", "2 9001, 1 9001")
	})
}

// While a program does not receive, what waits for it may be a sign of life: nobody is taken for silent.
func TestSilenceOfTheProgram(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9001)
		o := segments()
		o.Addresses = pubsub.URIs("tcp://10.0.0.1:9001")
		sub, _ := w.loggingSubscriber(o)
		w.beat(pub, "a", 10)
		if got := w.arrived(sub); len(got) > 0 {
			t.Errorf("got %q, want nothing", got)
		}
		for range 60 {
			w.publish(pub, "/segment/a")
			sleep(10 * time.Second)
		}
		if got := sub.Stats().Silent; got != 0 {
			t.Errorf("silent %d times, want never", got)
		}
		if got := len(w.arrived(sub)); got != 60 {
			t.Errorf("got %d messages, want 60", got)
		}
		sleep(time.Minute)
		if got := sub.Stats().Silent; got != 1 {
			t.Errorf("silent %d times, want once", got)
		}
	})
}

func TestSilenceFactor(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		node, _ := newWorld(t).node(hostB, pubsub.Settings{})
		for _, factor := range []float64{-1, 0.5, 1001, math.NaN(), math.Inf(1), math.Inf(-1)} {
			_, err := node.Subscriber(pubsub.SubscriberOptions{SilenceFactor: factor})
			if err == nil || !strings.Contains(err.Error(), "silence factor of") {
				t.Errorf("factor %v: got %v, want an error", factor, err)
			}
		}
	})
}

// Reconnect keeps what has arrived, and leaves others alone.
func TestReconnect(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub, other := w.publisher(9001), w.publisher(9002)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs("tcp://10.0.0.1:9001", "tcp://10.0.0.1:9002")})
		w.must(pub.WaitSubscribed(t.Context(), "/a", 1))
		w.publish(pub, "/a", "/b")
		w.must(sub.Reconnect("tcp://10.0.0.1:9001"))
		w.must(sub.Reconnect("tcp://10.0.0.1:9999"))
		w.must(pub.WaitSubscribed(t.Context(), "/a", 1))
		w.publish(pub, "/c")
		w.publish(other, "/d")
		if diff := cmp.Diff([]string{"/a", "/b", "/c", "/d"}, w.arrived(sub)); diff != "" {
			t.Errorf("subjects (-want +got):\n%s", diff)
		}
		w.must(sub.Close())
		if err := sub.Reconnect("tcp://10.0.0.1:9001"); !errors.Is(err, pubsub.ErrClosed) {
			t.Errorf("after Close: got %v, want %v", err, pubsub.ErrClosed)
		}
	})
}
