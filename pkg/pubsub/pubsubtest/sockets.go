package pubsubtest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// publisher records what is sent.
type publisher struct {
	fake     *Fake
	endpoint transport.Endpoint
	closed   atomic.Bool
}

func (p *publisher) Endpoint() transport.Endpoint            { return p.endpoint }
func (p *publisher) Subscriptions() []transport.Subscription { return nil }

// Covers is true: what is sent is recorded in any case.
func (p *publisher) Covers([]byte) bool { return true }

// NextSubscriptions waits in vain: there are no subscribers.
func (p *publisher) NextSubscriptions(ctx context.Context, _ []transport.Subscription) ([]transport.Subscription, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (p *publisher) Clients() []transport.Client { return nil }

func (p *publisher) Stats() transport.PublisherStats { return transport.PublisherStats{} }

func (p *publisher) Send(ctx context.Context, frame []byte) error {
	if p.closed.Load() {
		return transport.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.fake.record(frame)
}

// SendBatch sends frames one by one.
func (p *publisher) SendBatch(ctx context.Context, frames [][]byte) (sent int, err error) {
	for i, frame := range frames {
		if err := p.Send(ctx, frame); err != nil {
			return i, err
		}
	}
	return len(frames), nil
}

// WaitSubscribed is content at once: what is sent is recorded in any case.
func (p *publisher) WaitSubscribed(ctx context.Context, _ string, _ int) error { return ctx.Err() }

func (p *publisher) Close() error {
	p.closed.Store(true)
	return nil
}

// subscriber receives what is given.
type subscriber struct {
	*silent
	given []*message.Message

	mu     sync.Mutex
	topics []string
	over   bool
}

func (s *subscriber) Connect(transport.Address) error    { return nil }
func (s *subscriber) Disconnect(transport.Address) error { return nil }
func (s *subscriber) Reconnect(transport.Address) error  { return nil }

func (s *subscriber) Subscribe(topic string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topics = append(s.topics, topic)
	return nil
}

func (s *subscriber) Unsubscribe(topic string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topics = slices.DeleteFunc(s.topics, func(t string) bool { return t == topic })
	return nil
}

// Receive returns all at once, and after that the end. The socket that follows a nameserver's feed hears nothing: it is none of
// the program's.
func (s *subscriber) Receive(ctx context.Context) ([]transport.Frame, error) {
	if s.followsFeed() {
		return s.silent.Receive(ctx)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, transport.ErrClosed
	}
	s.over = true
	var frames []transport.Frame
	for _, m := range s.given {
		if s.wants(m.Bytes()) {
			frames = append(frames, transport.Frame{Body: bytes.Clone(m.Bytes())})
		}
	}
	return frames, nil
}

// Pending tells whether the messages are still to be received.
func (s *subscriber) Pending() bool {
	if s.followsFeed() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.over && len(s.given) > 0
}

func (s *subscriber) wants(frame []byte) bool {
	return slices.ContainsFunc(s.topics, func(topic string) bool { return bytes.HasPrefix(frame, []byte(topic)) })
}

func (s *subscriber) followsFeed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.topics) == 1 && strings.HasPrefix(s.topics[0], message.Topic("/address"))
}

func (s *subscriber) Stats() transport.SubscriberStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		return transport.SubscriberStats{}
	}
	return transport.SubscriberStats{Received: uint64(len(s.given))}
}

// silent receives nothing until it is closed.
type silent struct {
	once   sync.Once
	closed chan struct{}
}

func newSilent() *silent { return &silent{closed: make(chan struct{})} }

func (s *silent) Receive(ctx context.Context) ([]transport.Frame, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closed:
		return nil, transport.ErrClosed
	}
}

func (s *silent) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}
