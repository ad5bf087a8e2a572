package pubsub_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	hostA = netip.MustParseAddr("10.0.0.1")
	hostB = netip.MustParseAddr("10.0.0.2")
	hostN = netip.MustParseAddr("10.0.0.9") // of the nameserver
)

// inBubble runs a test in a synctest bubble: times take no time, and a goroutine that is left over fails the test.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// world is a network in memory, closed with the test.
type world struct {
	*testing.T
	network *inmem.Network
}

func newWorld(t *testing.T) world {
	t.Helper()
	n := inmem.NewNetwork()
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close network: %v", err)
		}
	})
	return world{t, n}
}

// node makes a node on a host, and shows what it logs.
func (w world) node(host netip.Addr, settings pubsub.Settings) (*pubsub.Node, *observer.ObservedLogs) {
	w.Helper()
	core, logs := observer.New(zap.InfoLevel)
	node, err := pubsub.New(pubsub.Options{
		Transport: w.network.Transport(host),
		Settings:  settings,
		Group:     w.network.Group(host),
		Logger:    zap.New(core),
	})
	if err != nil {
		w.Fatal(err)
	}
	return node, logs
}

// publisher makes one that nobody is told of, on hostA.
func (w world) publisher(port int) *pubsub.Publisher {
	w.Helper()
	node, _ := w.node(hostA, pubsub.Settings{})
	return w.publisherOn(node, pubsub.PublisherOptions{Name: "test", Port: port, Announce: pubsub.AnnounceNone})
}

func (w world) publisherOn(node *pubsub.Node, o pubsub.PublisherOptions) *pubsub.Publisher {
	w.Helper()
	pub, err := node.Publisher(o)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { w.close(pub) })
	return pub
}

// subscriber makes one on hostB.
func (w world) subscriber(o pubsub.SubscriberOptions) *pubsub.Subscriber {
	w.Helper()
	sub, _ := w.loggingSubscriber(o)
	return sub
}

func (w world) loggingSubscriber(o pubsub.SubscriberOptions) (*pubsub.Subscriber, *observer.ObservedLogs) {
	w.Helper()
	node, logs := w.node(hostB, pubsub.Settings{})
	sub, err := node.Subscriber(o)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { w.close(sub) })
	return sub, logs
}

func (w world) close(c interface{ Close() error }) {
	w.Helper()
	if err := c.Close(); err != nil {
		w.Errorf("close: %v", err)
	}
}

func (w world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// publish sends messages of type info without data under subjects.
func (w world) publish(pub *pubsub.Publisher, subjects ...string) {
	w.Helper()
	for _, subject := range subjects {
		w.must(pub.Publish(w.Context(), subject, "info", nil))
	}
}

// arrived returns the subjects of what is there, or comes without time passing; "!" stands for a frame that is no message.
func (w world) arrived(sub *pubsub.Subscriber) []string {
	w.Helper()
	subjects := []string{}
	for {
		ctx, cancel := context.WithTimeout(w.Context(), time.Nanosecond)
		m, err := sub.Receive(ctx)
		cancel()
		var bad *pubsub.FrameError
		switch {
		case errors.As(err, &bad):
			subjects = append(subjects, "!")
		case errors.Is(err, context.DeadlineExceeded):
			return subjects
		case err != nil:
			w.Fatalf("receive: %v", err)
		default:
			subjects = append(subjects, m.Subject())
		}
	}
}

// sleep lets time pass, in a bubble.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
