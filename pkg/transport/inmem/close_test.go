package inmem_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// blocked are calls that wait for something that never comes, one for each kind.
func blocked(t *testing.T, n *inmem.Network, a *inmem.Transport) map[string]func(context.Context) error {
	t.Helper()
	s := subscriber(t, a, transport.SubscriberConfig{Events: func(transport.Event) {}})
	p := publisher(t, a, "tcp://*:1")
	r := replier(t, a, "tcp://*:2")
	pull, err := a.Puller(transport.PullerConfig{Address: address(t, "tcp://127.0.0.1:3")})
	must(t, err)
	push, err := a.Pusher(endpoint(t, "tcp://*:4"))
	must(t, err)
	g := n.Group(addrA)
	return map[string]func(context.Context) error{
		"subscriber": func(ctx context.Context) error { _, err := s.Receive(ctx); return err },
		"publisher":  func(ctx context.Context) error { return p.WaitSubscribed(ctx, "x", 1) },
		"replier":    func(ctx context.Context) error { _, err := r.Receive(ctx); return err },
		"puller":     func(ctx context.Context) error { _, err := pull.Receive(ctx); return err },
		"pusher":     func(ctx context.Context) error { return push.Send(ctx, nil) },
		"group":      func(ctx context.Context) error { _, _, err := g.Receive(ctx); return err },
		"request": func(ctx context.Context) error {
			_, err := a.Request(ctx, address(t, "tcp://127.0.0.1:9"), nil, transport.SocketOptions{})
			return err
		},
	}
}

func TestCloseReleasesBlockedCalls(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, a, _ := hosts(t)
		calls := blocked(t, n, a)
		ended := make(map[string]chan error)
		for name, call := range calls {
			done := make(chan error, 1)
			ended[name] = done
			go func() { done <- call(t.Context()) }()
		}
		synctest.Wait()
		must(t, n.Close())
		for name, call := range calls {
			want := transport.ErrClosed
			if name == "group" {
				want = net.ErrClosed
			}
			if err := <-ended[name]; !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
			if err := call(t.Context()); !errors.Is(err, want) {
				t.Errorf("%s after Close: got %v, want %v", name, err, want)
			}
		}
	})
}

func TestContextReleasesBlockedCalls(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, a, _ := hosts(t)
		for name, call := range blocked(t, n, a) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v, want a timeout", name, err)
			}
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v with a context that is over", name, err)
			}
			cancel()
		}
	})
}

func TestClosedTransportMakesNoSockets(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	must(t, a.Close())
	must(t, a.Close())
	_, pub := a.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://*:0")})
	_, sub := a.Subscriber(transport.SubscriberConfig{})
	_, rep := a.Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://*:0")})
	_, pull := a.Puller(transport.PullerConfig{Address: address(t, "tcp://127.0.0.1:1")})
	_, req := a.Request(t.Context(), address(t, "tcp://127.0.0.1:1"), nil, transport.SocketOptions{})
	for _, err := range []error{pub, sub, rep, pull, req} {
		if !errors.Is(err, transport.ErrClosed) {
			t.Errorf("got %v, want %v", err, transport.ErrClosed)
		}
	}
}

func TestClosedSockets(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	s := subscriber(t, a, transport.SubscriberConfig{Events: func(transport.Event) {}})
	p := publisher(t, a, "tcp://*:0")
	r := replier(t, a, "tcp://*:0")
	for _, c := range []interface{ Close() error }{s, p, r, s, p, r} {
		must(t, c.Close())
	}
	to := address(t, "tcp://127.0.0.1:1")
	for _, err := range []error{
		s.Connect(to), s.Disconnect(to), s.Subscribe(""), s.Unsubscribe(""), p.Send(t.Context(), nil), r.Reply(transport.Request{}, nil),
	} {
		if !errors.Is(err, transport.ErrClosed) {
			t.Errorf("got %v, want %v", err, transport.ErrClosed)
		}
	}
}
