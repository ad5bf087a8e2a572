package inmem

import (
	"context"
	"fmt"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Subscriber receives frames from many publishers.
type Subscriber struct {
	inbox  inbox
	events *events // nil when nobody wants them
}

var _ transport.Subscriber = (*Subscriber)(nil)

// Subscriber makes a subscriber that is connected to nothing yet.
func (t *Transport) Subscriber(cfg transport.SubscriberConfig) (transport.Subscriber, error) {
	opts, err := withDefaults(cfg.SocketOptions)
	if err != nil {
		return nil, fmt.Errorf("subscriber: %w", err)
	}
	s := &Subscriber{inbox: inbox{
		owner: t, queue: opts.Queue, maxMessage: opts.MaxMessage, maxQueued: cfg.MaxQueued, attribute: cfg.Attribute, recycle: cfg.Recycle,
		client: opts.ClientKey, topics: make(map[string]struct{}),
	}}
	if s.inbox.maxQueued == 0 {
		s.inbox.maxQueued = defaultMaxQueued
	}
	t.network.mu.Lock()
	defer t.network.mu.Unlock()
	if t.closed {
		return nil, transport.ErrClosed
	}
	if cfg.Events != nil {
		s.events = newEvents(&t.network.mu, cfg.Events)
		s.inbox.report = s.events.add
	}
	t.add(s)
	return s, nil
}

// Connect adds a publisher, which may come later. One that is connected with another backend or other keys has to be disconnected first.
func (s *Subscriber) Connect(to transport.Address) error {
	to, err := checkAddress(to, s.inbox.client)
	if err != nil {
		return err
	}
	if closed := s.locked(func() { err = s.inbox.connect(to) }); closed != nil {
		return closed
	}
	return err
}

// Disconnect drops a publisher, whatever its backend and keys; what has arrived from it is still received. One that isn't there is no error.
func (s *Subscriber) Disconnect(to transport.Address) error {
	return s.locked(func() { s.inbox.disconnect(to.Endpoint) })
}

// Reconnect makes the connection to a publisher anew; what has arrived from it is still received. One that isn't there is no error.
func (s *Subscriber) Reconnect(to transport.Address) error {
	return s.locked(func() { s.inbox.reconnect(to.Endpoint) })
}

// Subscribe asks for frames that begin with topic. To ask again changes nothing.
func (s *Subscriber) Subscribe(topic string) error {
	return s.locked(func() {
		_, known := s.inbox.topics[topic]
		s.inbox.topics[topic] = struct{}{}
		s.subscriptionsChanged()
		if !known {
			s.greeted(topic)
		}
	})
}

// Unsubscribe takes it back. What is queued in the connections and is not subscribed to any more is not received.
func (s *Subscriber) Unsubscribe(topic string) error {
	return s.locked(func() {
		delete(s.inbox.topics, topic)
		s.subscriptionsChanged()
	})
}

// greeted lets publishers give us what they have for those who have just asked for topic.
func (s *Subscriber) greeted(topic string) {
	for _, l := range slices.Clone(s.inbox.links) {
		if l.peer != nil && l.peer.greet != nil {
			l.peer.greet(l, topic)
		}
	}
}

// subscriptionsChanged wakes publishers that wait for subscriptions.
func (s *Subscriber) subscriptionsChanged() {
	for _, l := range s.inbox.links {
		if l.peer != nil {
			l.peer.changed.fire()
		}
	}
}

// Receive waits for frames.
func (s *Subscriber) Receive(ctx context.Context) ([]transport.Frame, error) {
	return s.inbox.receive(ctx)
}

// Pending tells whether Receive would return frames without waiting.
func (s *Subscriber) Pending() bool {
	mu := &s.inbox.owner.network.mu
	mu.Lock()
	defer mu.Unlock()
	return len(s.inbox.frames) > 0
}

// Stats returns counters since the socket was made.
func (s *Subscriber) Stats() transport.SubscriberStats {
	mu := &s.inbox.owner.network.mu
	mu.Lock()
	defer mu.Unlock()
	return transport.SubscriberStats{Received: s.inbox.received, Queued: s.inbox.queued}
}

// Close drops all connections and waits for a call of Events to return. It must not be called from there.
func (s *Subscriber) Close() error {
	mu := &s.inbox.owner.network.mu
	mu.Lock()
	if s.inbox.close() {
		s.inbox.owner.remove(s)
	}
	if s.events != nil {
		s.events.stop()
	}
	mu.Unlock()
	if s.events != nil {
		s.events.wait()
	}
	return nil
}

// locked runs do with the network's mutex held, unless s is closed.
func (s *Subscriber) locked(do func()) error {
	mu := &s.inbox.owner.network.mu
	mu.Lock()
	defer mu.Unlock()
	if s.inbox.closed {
		return transport.ErrClosed
	}
	do()
	return nil
}
