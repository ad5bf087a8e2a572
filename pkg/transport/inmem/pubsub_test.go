package inmem_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func TestWhoReachesWhom(t *testing.T) {
	tests := []struct {
		name, bind, connect  string
		fromSame, fromRemote bool
	}{
		{"all, by address", "tcp://*:9000", "tcp://10.0.0.1:9000", true, true},
		{"all as 0.0.0.0", "tcp://0.0.0.0:9000", "tcp://10.0.0.1:9000", true, true},
		{"all, IPv6", "tcp://[::]:9000", "tcp://10.0.0.1:9000", true, true},
		{"all, by loopback", "tcp://*:9000", "tcp://127.0.0.1:9000", true, false},
		{"all, by localhost", "tcp://*:9000", "tcp://localhost:9000", true, false},
		{"loopback, by localhost", "tcp://127.0.0.1:9000", "tcp://localhost:9000", true, false},
		{"loopback, by address", "tcp://127.0.0.1:9000", "tcp://10.0.0.1:9000", false, false},
		{"address, by loopback", "tcp://10.0.0.1:9000", "tcp://127.0.0.1:9000", false, false},
		{"other port", "tcp://*:9000", "tcp://10.0.0.1:9001", false, false},
		{"nobody", "tcp://*:9000", "tcp://10.0.0.9:9000", false, false},
		{"unknown name", "tcp://*:9000", "tcp://example.test:9000", false, false},
		{"ipc", "ipc:///run/x", "ipc:///run/x", true, false},
		{"inproc", "inproc://x", "inproc://x", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				_, a, b := hosts(t)
				p := publisher(t, a, tt.bind)
				same := subscriber(t, a, transport.SubscriberConfig{}, tt.connect)
				remote := subscriber(t, b, transport.SubscriberConfig{}, tt.connect)
				send(t, p, "x")
				if got := arrived(t, same) != nil; got != tt.fromSame {
					t.Errorf("same host: reached %t, want %t", got, tt.fromSame)
				}
				if got := arrived(t, remote) != nil; got != tt.fromRemote {
					t.Errorf("other host: reached %t, want %t", got, tt.fromRemote)
				}
			})
		})
	}
}

func TestConnectErrors(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	s := subscriber(t, a, transport.SubscriberConfig{})
	for _, ep := range []string{"tcp://*:9000", "tcp://10.0.0.1:0"} {
		if err := s.Connect(address(t, ep)); err == nil {
			t.Errorf("connected to %s", ep)
		}
	}
	if err := s.Connect(transport.Address{}); err == nil {
		t.Error("connected to nothing")
	}
	secure := transport.Address{Endpoint: endpoint(t, "tcp://10.0.0.1:9000"), Backend: transport.Secure}
	if err := s.Connect(secure); !errors.Is(err, transport.ErrNoKeys) {
		t.Errorf("got %v, want %v", err, transport.ErrNoKeys)
	}
}

func TestPrefixes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		p := publisher(t, a, "tcp://*:9000")
		s, err := b.Subscriber(transport.SubscriberConfig{})
		must(t, err)
		must(t, s.Connect(address(t, "tcp://10.0.0.1:9000")))
		send(t, p, "pytroll://a 0")
		must(t, s.Subscribe("pytroll://a"))
		must(t, s.Subscribe("pytroll://ab"))
		send(t, p, "pytroll://a 1", "pytroll://abc 2", "pytroll://b 3", "pytroll:/")
		must(t, s.Unsubscribe("pytroll://a"))
		must(t, s.Unsubscribe("pytroll://never"))
		send(t, p, "pytroll://a 4", "pytroll://ab 5")
		must(t, s.Unsubscribe("pytroll://ab"))
		send(t, p, "pytroll://ab 6")
		want := []string{"pytroll://a 1", "pytroll://abc 2", "pytroll://ab 5"}
		if diff := cmp.Diff(want, arrived(t, s)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

func TestLateJoinerLosesWhatWasSent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		p := publisher(t, a, "tcp://*:9000")
		send(t, p, "early")
		s := subscriber(t, b, transport.SubscriberConfig{}, "tcp://10.0.0.1:9000")
		send(t, p, "late")
		if diff := cmp.Diff([]string{"late"}, arrived(t, s)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

func TestPublisherComesGoesAndComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		var events []string
		s := subscriber(t, b, transport.SubscriberConfig{Events: func(e transport.Event) {
			events = append(events, fmt.Sprint(e.Kind, " ", e.Peer, " ", e.Cause))
		}}, "tcp://10.0.0.1:9000")
		first := publisher(t, a, "tcp://*:9000")
		send(t, first, "1")
		must(t, first.Close())
		second := publisher(t, a, "tcp://10.0.0.1:9000")
		send(t, second, "2")
		if diff := cmp.Diff([]string{"1", "2"}, arrived(t, s)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		must(t, s.Disconnect(address(t, "tcp://10.0.0.1:9000")))
		send(t, second, "3")
		if got := arrived(t, s); got != nil {
			t.Errorf("received %q after Disconnect", got)
		}
		synctest.Wait()
		want := []string{"1 tcp://10.0.0.1:9000 ", "2 tcp://10.0.0.1:9000 connection closed", "1 tcp://10.0.0.1:9000 "}
		if diff := cmp.Diff(want, events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestConnectTwiceIsOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		p := publisher(t, a, "tcp://*:9000")
		s := subscriber(t, b, transport.SubscriberConfig{}, "tcp://10.0.0.1:9000", "tcp://10.0.0.1:9000")
		must(t, s.Connect(transport.Address{Endpoint: endpoint(t, "tcp://10.0.0.1:9000"), Backend: transport.Plain}))
		send(t, p, "x")
		if diff := cmp.Diff([]string{"x"}, arrived(t, s)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

func TestAttribute(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		p, q := publisher(t, a, "tcp://*:9000"), publisher(t, a, "tcp://*:9001")
		s := subscriber(t, b, transport.SubscriberConfig{Attribute: true}, "tcp://10.0.0.1:9000", "tcp://10.0.0.1:9001")
		send(t, p, "p")
		send(t, q, "q")
		frames, err := s.Receive(t.Context())
		must(t, err)
		got := map[string]string{}
		for _, f := range frames {
			got[string(f.Body)] = f.From.String()
		}
		want := map[string]string{"p": "tcp://10.0.0.1:9000", "q": "tcp://10.0.0.1:9001"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("from (-want +got):\n%s", diff)
		}
	})
}

func TestFullQueueDropsAndCounts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		made, err := a.Publisher(transport.PublisherConfig{
			Endpoint: endpoint(t, "tcp://*:9000"), SocketOptions: transport.SocketOptions{Queue: 2},
		})
		must(t, err)
		p := made.(interface {
			transport.Publisher
			Dropped() uint64
		})
		slow := subscriber(t, b, transport.SubscriberConfig{
			MaxQueued: 3, SocketOptions: transport.SocketOptions{Queue: 1},
		}, "tcp://10.0.0.1:9000")
		quick := subscriber(t, b, transport.SubscriberConfig{}, "tcp://10.0.0.1:9000")
		for i := range 10 {
			must(t, p.Send(t.Context(), fmt.Appendf(nil, "%d", i)))
		}
		if got := slow.Stats(); got.Queued != 3 || got.Received != 3 {
			t.Errorf("got %+v, want 3 bytes of 3 messages queued", got)
		}
		// Three fill MaxQueued, three more both queues of the connection.
		if got := p.Dropped(); got != 4 {
			t.Errorf("dropped %d, want 4", got)
		}
		want := transport.LossStats{Overflows: 1, Episodes: 1, LostEstimate: 4, Slow: 1}
		if diff := cmp.Diff(want, p.Stats().Loss); diff != "" {
			t.Errorf("loss (-want +got):\n%s", diff)
		}
		var clients []transport.Slowness
		for _, c := range p.Clients() {
			clients = append(clients, c.Slow)
		}
		if diff := cmp.Diff([]transport.Slowness{{Since: time.Now(), Episodes: 1, LostEstimate: 4}, {}}, clients); diff != "" {
			t.Errorf("slowness of the two (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"0", "1", "2", "3", "4", "5"}, arrived(t, slow)); diff != "" {
			t.Errorf("slow received (-want +got):\n%s", diff)
		}
		if got := len(arrived(t, quick)); got != 10 {
			t.Errorf("quick received %d, want 10", got)
		}
		want.Slow = 0
		if diff := cmp.Diff(want, p.Stats().Loss); diff != "" {
			t.Errorf("loss, when it has caught up (-want +got):\n%s", diff)
		}
		must(t, p.Send(t.Context(), []byte("again")))
		if diff := cmp.Diff([]string{"again"}, arrived(t, slow)); diff != "" {
			t.Errorf("slow received (-want +got):\n%s", diff)
		}
	})
}

func TestWhatArrivedSurvivesDisconnectAndClose(t *testing.T) {
	for name, end := range map[string]func(*testing.T, transport.Subscriber, transport.Publisher){
		"disconnect": func(t *testing.T, s transport.Subscriber, _ transport.Publisher) {
			must(t, s.Disconnect(address(t, "tcp://10.0.0.1:9000")))
		},
		"publisher closed": func(t *testing.T, _ transport.Subscriber, p transport.Publisher) { must(t, p.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				_, a, b := hosts(t)
				p := publisher(t, a, "tcp://*:9000")
				s := subscriber(t, b, transport.SubscriberConfig{MaxQueued: 1}, "tcp://10.0.0.1:9000")
				send(t, p, "1", "2", "3")
				end(t, s, p)
				if diff := cmp.Diff([]string{"1", "2", "3"}, arrived(t, s)); diff != "" {
					t.Errorf("received (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestOverlongMessageEndsTheConnection(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		p := publisher(t, a, "tcp://*:9000")
		var events []transport.EventKind
		s := subscriber(t, b, transport.SubscriberConfig{
			Events:        func(e transport.Event) { events = append(events, e.Kind) },
			SocketOptions: transport.SocketOptions{MaxMessage: 3},
		}, "tcp://10.0.0.1:9000")
		send(t, p, "123", "1234", "12")
		if diff := cmp.Diff([]string{"123", "12"}, arrived(t, s)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
		synctest.Wait()
		want := []transport.EventKind{transport.Connected, transport.Lost, transport.Connected}
		if diff := cmp.Diff(want, events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestCutAndHeal(t *testing.T) {
	for name, cut := range map[string]int{"publisher's host": 0, "subscriber's host": 1} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n, a, b := hosts(t)
				p := publisher(t, a, "tcp://*:9000")
				var events []string
				s := subscriber(t, b, transport.SubscriberConfig{Events: func(e transport.Event) {
					events = append(events, fmt.Sprint(e.Kind, " ", e.Cause))
				}}, "tcp://10.0.0.1:9000")
				inside := subscriber(t, a, transport.SubscriberConfig{}, "tcp://10.0.0.1:9000")
				addr := []string{"10.0.0.1", "10.0.0.2"}[cut]
				send(t, p, "1")
				n.Cut(parse(t, addr))
				n.Cut(parse(t, addr))
				send(t, p, "2")
				n.Heal(parse(t, addr))
				send(t, p, "3")
				if diff := cmp.Diff([]string{"1", "3"}, arrived(t, s)); diff != "" {
					t.Errorf("received (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"1", "2", "3"}, arrived(t, inside)); diff != "" {
					t.Errorf("received within the host (-want +got):\n%s", diff)
				}
				synctest.Wait()
				if diff := cmp.Diff([]string{"1 ", "2 host cut off", "1 "}, events); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestSubscriptions(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		p := publisher(t, a, "tcp://*:9000")
		s := subscriber(t, b, transport.SubscriberConfig{}, "tcp://10.0.0.1:9000")
		must(t, s.Subscribe("pytroll://b"))
		r := subscriber(t, b, transport.SubscriberConfig{}, "tcp://10.0.0.1:9000")
		want := []transport.Subscription{{Topic: "", Count: 2}, {Topic: "pytroll://b", Count: 1}}
		if diff := cmp.Diff(want, p.Subscriptions()); diff != "" {
			t.Errorf("subscriptions (-want +got):\n%s", diff)
		}
		must(t, r.Close())
		must(t, s.Unsubscribe(""))
		want = []transport.Subscription{{Topic: "pytroll://b", Count: 1}}
		if diff := cmp.Diff(want, p.Subscriptions()); diff != "" {
			t.Errorf("subscriptions (-want +got):\n%s", diff)
		}
	})
}

func TestWaitSubscribed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		p := publisher(t, a, "tcp://*:9000")
		s, err := b.Subscriber(transport.SubscriberConfig{})
		must(t, err)
		must(t, s.Subscribe("pytroll://counter"))
		done := make(chan error)
		go func() { done <- p.WaitSubscribed(t.Context(), "pytroll://counter/1", 2) }()
		synctest.Wait()
		must(t, s.Connect(address(t, "tcp://10.0.0.1:9000")))
		must(t, s.Subscribe("pytroll://other"))
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("one subscription covers it, but the wait for two ended: %v", err)
		default:
		}
		must(t, s.Subscribe(""))
		if err := <-done; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.WaitSubscribed(ctx, "pytroll://counter/1", 3); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a timeout", err)
		}
	})
}

func TestKindsMustMatch(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		replier(t, a, "tcp://*:9000")
		var events []string
		s := subscriber(t, b, transport.SubscriberConfig{Events: func(e transport.Event) {
			events = append(events, fmt.Sprint(e.Kind, " ", e.Cause))
		}}, "tcp://10.0.0.1:9000")
		publisher(t, a, "tcp://*:9001")
		synctest.Wait()
		if diff := cmp.Diff([]string{"3 peer is a socket of another kind"}, events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		must(t, s.Close())
	})
}

// The one who causes an event may hold what the listener wants.
func TestEventsComeFromElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		publisher(t, a, "tcp://*:9000")
		var s transport.Subscriber
		called := make(chan struct{})
		s = subscriber(t, b, transport.SubscriberConfig{Events: func(transport.Event) {
			if err := s.Subscribe("again"); err != nil {
				t.Error(err)
			}
			close(called)
		}})
		must(t, s.Connect(address(t, "tcp://10.0.0.1:9000")))
		<-called
	})
}
