// Publish_nameservers registers with the nameserver on this host directly: for networks without multicast. The nameserver may run
// with --no-multicast. The settings are those of one publisher, as a program keeps them in its own configuration file.
//
//	go run ./examples/publish_nameservers
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/examples/program"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

func main() { program.Main(publish) }

func publish(ctx context.Context, node *pubsub.Node) (err error) {
	options, err := pubsub.ParsePublisherOptions(map[string]any{
		"name":        "a_service",
		"nameservers": []any{"localhost"},
	})
	if err != nil {
		return err
	}
	pub, err := node.Publisher(options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }()

	fmt.Println("waiting for a subscriber: what is sent before it is there, it never gets")
	if err := pub.WaitSubscribed(ctx, "/counter", 1); err != nil {
		return err
	}
	for counter := range 5 {
		if err := pub.Publish(ctx, "/counter", "info", map[string]any{"counter": counter}); err != nil {
			return err
		}
		// At most once in 30 s, however often it is called.
		if err := pub.Heartbeat(ctx, 30*time.Second); err != nil {
			return err
		}
	}
	return nil
}
