// Publish announces the service "a_service" to the nameservers that listen to the multicast group, and counts. It needs a
// nameserver in the network only to be found: run nameserverd beside it.
//
//	go run ./examples/publish
package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pytroll/posttroll-go/examples/program"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

func main() { program.Main(publish) }

func publish(ctx context.Context, node *pubsub.Node) (err error) {
	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "a_service", Port: 9000})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }() // withdraws the announcement

	every := time.NewTicker(3 * time.Second)
	defer every.Stop()
	for counter := 1; ; counter++ {
		msg, err := node.NewMessage("/counter", "info", strconv.Itoa(counter))
		if err != nil {
			return err
		}
		fmt.Println("publishing", msg)
		if err := pub.Send(ctx, msg); err != nil {
			return err
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return nil
		}
	}
}
