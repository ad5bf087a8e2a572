// Keepalive subscribes through a firewall that forgets silent connections: TCP keep-alive finds those that are dead. Settings count
// for the sockets that are made after them. They can come from the host as well, for all its programs:
// POSTTROLL_TCP_KEEPALIVE=1 and its relatives, or posttroll.toml.
//
//	go run ./examples/keepalive tcp://host:9010
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pytroll/posttroll-go/examples/program"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func main() { program.Main(subscribe) }

func subscribe(ctx context.Context, node *pubsub.Node) (err error) {
	if len(os.Args) < 2 {
		return errors.New("usage: keepalive URI [URI]")
	}
	settings := node.Settings()
	settings.KeepAlive = transport.KeepAlive{
		Mode:     transport.KeepAliveOn,
		Idle:     60 * time.Second, // of silence, and then
		Interval: 10 * time.Second, // between
		Count:    5,                // probes without an answer
	}
	node, err = node.With(settings)
	if err != nil {
		return err
	}
	sub, err := node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(os.Args[1:]...)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sub.Close()) }()

	for msg, err := range sub.Messages(ctx) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Println(msg)
	}
	return nil
}
