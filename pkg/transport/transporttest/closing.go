package transporttest

import (
	"errors"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

func testClosed(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	r := b.replier()
	to := address(p)
	for range 2 {
		b.must(s.Close())
		b.must(p.Close())
		b.must(r.Close())
	}
	ctx := t.Context()
	_, receiveErr := s.Receive(ctx)
	_, requestsErr := r.Receive(ctx)
	_, batchErr := p.SendBatch(ctx, [][]byte{nil})
	for name, err := range map[string]error{
		"Send":               p.Send(ctx, nil),
		"SendBatch":          batchErr,
		"WaitSubscribed":     p.WaitSubscribed(ctx, "", 1),
		"Connect":            s.Connect(to),
		"Disconnect":         s.Disconnect(to),
		"Subscribe":          s.Subscribe("a"),
		"Unsubscribe":        s.Unsubscribe("a"),
		"Subscriber.Receive": receiveErr,
		"Replier.Receive":    requestsErr,
	} {
		if !errors.Is(err, transport.ErrClosed) {
			t.Errorf("%s: got %v, want %v", name, err, transport.ErrClosed)
		}
	}
	if got := p.Subscriptions(); len(got) != 0 {
		t.Errorf("subscriptions of a closed publisher: %v", got)
	}
	s.Stats()
	r.Stats()
	if p.Endpoint() != to.Endpoint {
		t.Errorf("the endpoint of a closed publisher is %s, was %s", p.Endpoint(), to.Endpoint)
	}
}

// testTransportClose: it closes what is open and ends what waits.
func testTransportClose(t *testing.T, b *bench) {
	p := b.publisher(Any)
	s := b.subscriber(transport.SubscriberConfig{}, "", p)
	r, silent := b.replier(), b.replier()
	pull, err := b.Puller(transport.PullerConfig{Address: address(p)})
	b.must(err)
	var waits []func()
	for name, f := range map[string]func() error{
		"Subscriber.Receive": func() error { _, err := s.Receive(t.Context()); return err },
		"Replier.Receive":    func() error { _, err := r.Receive(t.Context()); return err },
		"Puller.Receive":     func() error { _, err := pull.Receive(t.Context()); return err },
		"WaitSubscribed":     func() error { return p.WaitSubscribed(t.Context(), "", 5) },
		"NextSubscriptions":  func() error { return nextUntil(t.Context(), p) },
		"Request": func() error {
			_, err := b.Request(t.Context(), address(silent), []byte("x"), transport.SocketOptions{})
			return err
		},
	} {
		waits = append(waits, b.background(func() {
			if err := f(); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("%s: got %v, want %v", name, err, transport.ErrClosed)
			}
		}))
	}
	for range 2 {
		b.must(b.Close())
	}
	for _, wait := range waits {
		wait()
	}
	_, pubErr := b.Publisher(transport.PublisherConfig{Endpoint: b.endpoint(Any)})
	_, subErr := b.Subscriber(transport.SubscriberConfig{})
	_, repErr := b.Replier(transport.ReplierConfig{Endpoint: b.endpoint(Any)})
	_, reqErr := b.Request(t.Context(), address(p), nil, transport.SocketOptions{})
	_, pullErr := b.Puller(transport.PullerConfig{Address: address(p)})
	for name, err := range map[string]error{
		"Publisher": pubErr, "Subscriber": subErr, "Replier": repErr, "Request": reqErr, "Puller": pullErr,
	} {
		if !errors.Is(err, transport.ErrClosed) {
			t.Errorf("%s after Close: got %v, want %v", name, err, transport.ErrClosed)
		}
	}
	b.must(p.Close())
	b.must(s.Close())
	b.must(r.Close())
	b.must(pull.Close())
}
