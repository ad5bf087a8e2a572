package pubsub_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestPublisherOptionsAreChecked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts pubsub.PublisherOptions
		want string
	}{
		{"no name to announce", pubsub.PublisherOptions{}, "needs a name"},
		{"a blank in the name", pubsub.PublisherOptions{Name: "my service"}, "can't stand in a subject"},
		{"a blank in the name of a plain one", pubsub.PublisherOptions{Name: "my service", Port: 9000, Announce: pubsub.AnnounceNone}, "can't stand in a subject"},
		{"a port too high", pubsub.PublisherOptions{Name: "x", Port: 70000}, "70000 is no port"},
		{"a port below zero", pubsub.PublisherOptions{Name: "x", Port: -1}, "-1 is no port"},
		{"address and port", pubsub.PublisherOptions{Name: "x", Address: "tcp://*:9000", Port: 9001}, "both an address"},
		{"no port to choose", pubsub.PublisherOptions{Name: "x", MinPort: 5000, MaxPort: 5000}, "no port from 5000"},
		{"an address that is none", pubsub.PublisherOptions{Name: "x", Address: "*:9000"}, `no "://"`},
		{"a nameserver that is none", pubsub.PublisherOptions{Name: "x", Nameservers: []string{"a b"}}, "a b"},
		{"nameservers, and nobody to be told", pubsub.PublisherOptions{Name: "x", Nameservers: []string{"a"}, Announce: pubsub.AnnounceNone}, "yet there are nameservers"},
		{"an unknown way of announcing", pubsub.PublisherOptions{Name: "x", Announce: 17}, "17"},
		{"an announcement that fits no datagram", pubsub.PublisherOptions{Name: "x", Aliases: []string{strings.Repeat("a", 1000)}}, "1024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				w := newWorld(t)
				node, _ := w.node(hostA, pubsub.Settings{})
				pub, err := node.Publisher(tt.opts)
				if err == nil {
					w.close(pub)
					t.Fatal("no error")
				}
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %q, want it to tell of %q", err, tt.want)
				}
			})
		})
	}
}

// Security fails closed: what would restrict who connects is refused for as long as it is not there.
func TestPublisherThatCannotProtectDoesNotStart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		settings, err := pubsub.ParseSettings(map[string]any{"authorized_client_addresses": "10.0.0.1, 10.0.0.2"})
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t)
		node, _ := w.node(hostA, settings)
		pub, err := node.Publisher(pubsub.PublisherOptions{Name: "x"})
		if err == nil {
			w.close(pub)
			t.Fatal("no error")
		}
		if want := "authorized_client_addresses is set (10.0.0.1, 10.0.0.2)"; !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to tell of %q", err, want)
		}
	})
}

func TestPublisherPort(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{MinPort: 50000, MaxPort: 50002})
		plain := pubsub.PublisherOptions{Announce: pubsub.AnnounceNone}
		for range 2 {
			if got := w.publisherOn(node, plain).Port(); got != 50000 && got != 50001 {
				t.Errorf("port %d, want 50000 or 50001", got)
			}
		}
		if pub, err := node.Publisher(plain); err == nil {
			t.Errorf("a third one on %s", pub.Endpoint())
		}
		plain.MinPort, plain.MaxPort = 40000, 40001
		if got := w.publisherOn(node, plain).Port(); got != 40000 {
			t.Errorf("port %d, want 40000", got)
		}
		plain.Address = "tcp://127.0.0.1:4711"
		if got := w.publisherOn(node, plain).Endpoint().String(); got != plain.Address {
			t.Errorf("endpoint %s, want %s", got, plain.Address)
		}
		if pub, err := node.Publisher(plain); err == nil || !strings.Contains(err.Error(), plain.Address) {
			t.Errorf("bound again: %v, %v; want an error that names the endpoint", pub, err)
		}
	})
}

// What would end a Python subscriber is not sent.
func TestStrictSending(t *testing.T) {
	const (
		latin1 = "pytroll://a info me@x 2024-05-17T09:41:12 v1.01 text/ascii norrk\xf6ping"
		time   = "pytroll://a info me@x yesterday v1.01"
		good   = "pytroll://a info me@x 2024-05-17T09:41:12 v1.01 text/ascii norrköping"
	)
	deep := "pytroll://a info me@x 2024-05-17T09:41:12 v1.01 application/json " + strings.Repeat("[", 400) + strings.Repeat("]", 400)
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{})
		strict := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone})
		lax := w.publisherOn(node, pubsub.PublisherOptions{Port: 9001, Announce: pubsub.AnnounceNone, Lax: true})
		for _, frame := range []string{latin1, time, deep, ""} {
			if err := strict.SendText(t.Context(), frame); err == nil {
				t.Errorf("strict: %.60q was sent", frame)
			}
			if err := lax.SendText(t.Context(), frame); err != nil {
				t.Errorf("lax: %v", err)
			}
		}
		m, err := message.Decode([]byte(latin1))
		w.must(err)
		if err := strict.Send(t.Context(), m); !errors.Is(err, message.ErrNotUTF8) {
			t.Errorf("strict: got %v, want ErrNotUTF8", err)
		}
		w.must(strict.SendText(t.Context(), good))
	})
}

func TestMessageVersionSetting(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		node, _ := w.node(hostA, pubsub.Settings{MessageVersion: message.V12})
		pub := w.publisherOn(node, pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone})
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		w.publish(pub, "/1")
		w.must(pub.Heartbeat(t.Context(), 0))
		m, err := node.NewMessage("/3", "info", nil)
		w.must(err)
		w.must(pub.Send(t.Context(), m))
		for range 3 {
			m, err := sub.Receive(t.Context())
			w.must(err)
			if m.Version() != message.V12 {
				t.Errorf("%s is in %s, want v1.2", m.Subject(), m.Version())
			}
		}
	})
}

func TestHeartbeat(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		sub := w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA)})
		begin := time.Now()
		for time.Since(begin) <= time.Minute {
			w.must(pub.Heartbeat(t.Context(), 30*time.Second))
			time.Sleep(2 * time.Second)
		}
		w.must(pub.Heartbeat(t.Context(), 1500*time.Millisecond))
		w.must(pub.Heartbeat(t.Context(), 0))
		w.must(pub.Heartbeat(t.Context(), 0))

		var got []string
		for range 6 {
			m, err := sub.Receive(t.Context())
			w.must(err)
			got = append(got, m.Subject()+" "+m.Type()+" "+string(m.RawData()))
			if len(got) <= 3 {
				if want := begin.Add(time.Duration(len(got)-1) * 30 * time.Second); !m.Time().Time.Equal(want) {
					t.Errorf("heartbeat %d at %v, want %v", len(got), m.Time(), want)
				}
			}
		}
		const beat = `/heartbeat/test beat {"min_interval": `
		want := []string{beat + "30}", beat + "30}", beat + "30}", beat + "1.5}", beat + "0}", beat + "0}"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("heartbeats (-want +got):\n%s", diff)
		}
		if more := w.arrived(sub); len(more) > 0 {
			t.Errorf("and then %q", more)
		}
	})
}

func TestWaitSubscribed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		subscribe := func(topic string) {
			w.subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(uriA), Topics: []string{topic}})
		}
		subscribe("/other")
		subscribe("/viirs")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		w.must(pub.WaitSubscribed(ctx, "/viirs/l1b", 1))
		time.AfterFunc(10*time.Second, func() { subscribe("pytroll:/") })
		before := time.Now()
		w.must(pub.WaitSubscribed(ctx, "/viirs/l1b", 2))
		if waited := time.Since(before); waited != 10*time.Second {
			t.Errorf("waited %v, want 10s", waited)
		}
		if err := pub.WaitSubscribed(ctx, "/viirs/l1b", 3); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		want := []transport.Subscription{{Topic: "pytroll:/", Count: 1}, {Topic: "pytroll://other", Count: 1}, {Topic: "pytroll://viirs", Count: 1}}
		if diff := cmp.Diff(want, pub.Subscriptions()); diff != "" {
			t.Errorf("subscriptions (-want +got):\n%s", diff)
		}
	})
}

func TestPublisherCloses(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		pub := w.publisher(9000)
		w.must(pub.Close())
		w.must(pub.Close())
		if err := pub.SendText(t.Context(), "pytroll://a info me@x 2024-05-17T09:41:12 v1.01"); !errors.Is(err, pubsub.ErrClosed) {
			t.Errorf("send: got %v, want ErrClosed", err)
		}
		w.publisher(9000) // the port is free
	})
}
