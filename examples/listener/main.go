// Listener receives in the background and takes messages from a queue when it has time for them. It publishes them itself, under
// the name "test": run nameserverd beside it.
//
//	go run ./examples/listener
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/examples/program"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

func main() { program.Main(listen) }

func listen(ctx context.Context, node *pubsub.Node) (err error) {
	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "test"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }()

	listener, err := node.Listener(pubsub.SubscriberOptions{Services: []string{"test"}, Topics: []string{"/counter"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, listener.Close()) }()

	// When it has found us: no sleeping and hoping.
	if err := pub.WaitSubscribed(ctx, "/counter", 1); err != nil {
		return err
	}
	for counter := range 5 {
		if err := pub.Publish(ctx, "/counter", "info", fmt.Sprint(counter)); err != nil {
			return err
		}
		select {
		case msg := <-listener.Messages():
			fmt.Println("received", msg)
		case <-time.After(time.Second):
			fmt.Println("nothing came")
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}
