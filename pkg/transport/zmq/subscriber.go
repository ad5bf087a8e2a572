package zmq

import (
	"context"
	"fmt"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

const defaultMaxQueued = 256 << 20 // bytes

// subscriber is one SUB socket, connected to many publishers.
type subscriber struct {
	*connector
	topics map[string]struct{} // under the socket's mu
}

var _ transport.Subscriber = (*subscriber)(nil)

// Subscriber makes a subscriber that is connected to nothing yet.
//
// Host names are resolved here, not in libzmq, and again when a connection does not come back. Publishers whose names
// resolve to the same address share a connection.
//
// A publisher that was connected for half a minute and goes away is looked for at once, ten times a second at first and then once a second, for ever. One that
// takes connections and drops them before that is come back to less and less often, up to every half minute, until a connection has lasted so long. With
// more than a hundred publishers a second becomes 10 ms for each of them, 30 s at most.
//
// The queue that libzmq keeps for a connection (SocketOptions.Queue, 500 messages) fills only while the subscriber does not read, because MaxQueued is
// reached. Who has thousands of publishers with large messages may want a shorter one: it is not bounded in bytes.
func (t *Transport) Subscriber(cfg transport.SubscriberConfig) (transport.Subscriber, error) {
	leave, err := t.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	switch {
	case cfg.MaxQueued == 0:
		cfg.MaxQueued = defaultMaxQueued
	case cfg.MaxQueued < 0:
		return nil, fmt.Errorf("subscriber: queue of %d bytes: want more than 0", cfg.MaxQueued)
	}
	c, err := newConnector(t, zmq4.SUB, cfg)
	if err != nil {
		return nil, fmt.Errorf("subscriber: %w", err)
	}
	s := &subscriber{connector: c, topics: make(map[string]struct{})}
	t.own(c.socket, s.Close)
	return s, nil
}

func (s *subscriber) Connect(a transport.Address) error    { return s.connect(a) }
func (s *subscriber) Disconnect(a transport.Address) error { return s.disconnect(a) }
func (s *subscriber) Reconnect(a transport.Address) error  { return s.reconnect(a) }

func (s *subscriber) Subscribe(topic string) error {
	if err := s.lock(); err != nil {
		return err
	}
	defer s.unlock()
	if _, ok := s.topics[topic]; ok {
		return nil
	}
	if err := s.zs.SetSubscribe(topic); err != nil {
		return fmt.Errorf("subscribe %q: %w", topic, cause(err))
	}
	s.topics[topic] = struct{}{}
	return nil
}

func (s *subscriber) Unsubscribe(topic string) error {
	if err := s.lock(); err != nil {
		return err
	}
	defer s.unlock()
	if _, ok := s.topics[topic]; !ok {
		return nil
	}
	delete(s.topics, topic)
	if err := s.zs.SetUnsubscribe(topic); err != nil {
		return fmt.Errorf("unsubscribe %q: %w", topic, cause(err))
	}
	return nil
}

func (s *subscriber) Receive(ctx context.Context) ([]transport.Frame, error) {
	return s.receive(ctx)
}

func (s *subscriber) Pending() bool { return s.pending() }

// Stats takes no lock that the reader holds for long, since whoever receives asks it for each batch.
func (s *subscriber) Stats() transport.SubscriberStats {
	return transport.SubscriberStats{Received: s.received.Load(), Multipart: s.multipart.Load(), Queued: s.in.queued()}
}

func (s *subscriber) Close() error { return wrap("subscriber", s.shutdown()) }
