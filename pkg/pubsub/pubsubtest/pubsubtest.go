// Package pubsubtest lets a test run a program's own code without a network: what its publishers send is recorded, and what its
// subscribers receive is given. (patched_publisher and patched_subscriber_recv of Python posttroll's testing module.)
//
//	fake := pubsubtest.New(t, incoming...)
//	err := run(ctx, fake.Node()) // the code under test makes its publishers and subscribers from the node
//	sent := fake.Sent()
//
// It fits code that takes messages and sends others. Where several parts talk to each other, or times matter, package
// transport/inmem carries real publishers and subscribers in memory.
package pubsubtest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap/zaptest"
)

// Fake stands for a network. All methods may be called concurrently.
type Fake struct {
	node  *pubsub.Node
	given []*message.Message

	mu   sync.Mutex
	sent []*message.Message
}

// New makes a fake. Each subscriber made from its node receives those of the given messages that its topics cover, in order, and then is
// closed: the loop over its messages ends. Services are never found, and addresses are not looked at.
func New(tb testing.TB, received ...*message.Message) *Fake {
	tb.Helper()
	f := &Fake{given: slices.Clone(received)}
	node, err := pubsub.New(pubsub.Options{Transport: fakeTransport{f}, Group: nowhere{}, Logger: zaptest.NewLogger(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	f.node = node
	return f
}

// Node returns the node to hand to the code under test.
func (f *Fake) Node() *pubsub.Node { return f.node }

// Sent returns what all publishers have sent so far, heartbeats included, in order.
func (f *Fake) Sent() []*message.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

func (f *Fake) record(frame []byte) error {
	m, err := message.Decode(frame)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, m)
	return nil
}

// nowhere takes announcements.
type nowhere struct{}

func (nowhere) Send(ctx context.Context, _ []byte) error { return ctx.Err() }

// fakeTransport makes the sockets of a fake.
type fakeTransport struct{ fake *Fake }

var _ transport.Transport = fakeTransport{}

func (t fakeTransport) Publisher(cfg transport.PublisherConfig) (transport.Publisher, error) {
	endpoint := cfg.Endpoint
	if endpoint.Scheme() == "tcp" && endpoint.Port() == 0 {
		endpoint = endpoint.WithPort(cfg.MinPort)
	}
	return &publisher{fake: t.fake, endpoint: endpoint}, nil
}

func (t fakeTransport) Subscriber(transport.SubscriberConfig) (transport.Subscriber, error) {
	return &subscriber{silent: newSilent(), given: t.fake.given}, nil
}

func (t fakeTransport) Replier(transport.ReplierConfig) (transport.Replier, error) {
	panic("pubsubtest: pubsub makes no repliers")
}

func (t fakeTransport) Puller(transport.PullerConfig) (transport.Puller, error) {
	return newSilent(), nil
}

// Request waits in vain: there is no nameserver.
func (t fakeTransport) Request(ctx context.Context, _ transport.Address, _ []byte, _ transport.SocketOptions) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (t fakeTransport) Close() error { return nil }
