package zmq_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// A publisher and a subscriber in one program. Between hosts the endpoint would be tcp://*:9010 for the publisher and
// tcp://its.name:9010 for the subscriber.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	t, err := zmq.New(zmq.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()

	at, err := transport.ParseEndpoint("tcp://127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	pub, err := t.Publisher(transport.PublisherConfig{Endpoint: at})
	if err != nil {
		log.Fatal(err)
	}
	sub, err := t.Subscriber(transport.SubscriberConfig{})
	if err != nil {
		log.Fatal(err)
	}
	if err := sub.Subscribe("pytroll://counter"); err != nil {
		log.Fatal(err)
	}
	if err := sub.Connect(transport.Address{Endpoint: pub.Endpoint()}); err != nil {
		log.Fatal(err)
	}

	// What is sent before the subscription has arrived is lost.
	if err := pub.WaitSubscribed(ctx, "pytroll://counter", 1); err != nil {
		log.Fatal(err)
	}
	if err := pub.Send(ctx, []byte("pytroll://counter info me@here 2026-11-22T17:27:05 v1.01 text/ascii 1")); err != nil {
		log.Fatal(err)
	}
	frames, err := sub.Receive(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", frames[0].Body)
	// Output: pytroll://counter info me@here 2026-11-22T17:27:05 v1.01 text/ascii 1
}
