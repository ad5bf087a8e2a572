// Subscribe prints all messages of the service "a_service". It asks the nameserver on this host where the service is, and finds
// it too when it, or the nameserver, starts later or moves.
//
//	go run ./examples/subscribe
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pytroll/posttroll-go/examples/program"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

func main() { program.Main(subscribe) }

func subscribe(ctx context.Context, node *pubsub.Node) (err error) {
	sub, err := node.Subscriber(pubsub.SubscriberOptions{Services: []string{"a_service"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sub.Close()) }()

	for msg, err := range sub.Messages(ctx) {
		if err != nil { // one bad message; the next may be good
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Println(msg)
	}
	return nil
}
