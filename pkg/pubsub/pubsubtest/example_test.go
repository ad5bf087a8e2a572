package pubsubtest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/pubsub/pubsubtest"
)

// shout is the code under test: it publishes what it receives in capitals.
func shout(ctx context.Context, node *pubsub.Node) (err error) {
	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "shouter"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }()
	sub, err := node.Subscriber(pubsub.SubscriberOptions{Services: []string{"whisperer"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sub.Close()) }()
	for msg, err := range sub.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := pub.Publish(ctx, msg.Subject(), msg.Type(), strings.ToUpper(string(msg.RawData()))); err != nil {
			return err
		}
	}
	return nil
}

// A test gives messages to the code and looks at what it sends.
func Example() {
	_ = func(t *testing.T) {
		whisper, err := message.New("/greeting", "info", "hello")
		if err != nil {
			t.Fatal(err)
		}
		fake := pubsubtest.New(t, whisper)
		if err := shout(t.Context(), fake.Node()); err != nil {
			t.Fatal(err)
		}
		if sent := fake.Sent(); len(sent) != 1 || string(sent[0].RawData()) != "HELLO" {
			t.Errorf("sent %v, want HELLO", sent)
		}
	}
}
