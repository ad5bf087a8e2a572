package inmem_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// Two hosts, one of which is cut off for a while.
func Example() {
	network := inmem.NewNetwork()
	defer network.Close()
	server := network.Transport(netip.MustParseAddr("10.0.0.1"))
	client := network.Transport(netip.MustParseAddr("10.0.0.2"))
	if err := exchange(network, server, client); err != nil {
		log.Fatal(err)
	}
	// Output:
	// pytroll://a before
	// pytroll://a after
}

func exchange(network *inmem.Network, server, client transport.Transport) error {
	ctx := context.Background()
	all, err := transport.ParseEndpoint("tcp://*:9000")
	if err != nil {
		return err
	}
	there, err := transport.ParseEndpoint("tcp://10.0.0.1:9000")
	if err != nil {
		return err
	}
	sub, err := client.Subscriber(transport.SubscriberConfig{})
	if err != nil {
		return err
	}
	if err := sub.Subscribe("pytroll://a"); err != nil {
		return err
	}
	if err := sub.Connect(transport.Address{Endpoint: there}); err != nil {
		return err
	}
	pub, err := server.Publisher(transport.PublisherConfig{Endpoint: all})
	if err != nil {
		return err
	}
	for _, step := range []struct {
		frame string
		then  func(netip.Addr)
	}{
		{"pytroll://a before", network.Cut}, {"pytroll://a lost", network.Heal}, {"pytroll://a after", nil},
	} {
		if err := pub.Send(ctx, []byte(step.frame)); err != nil {
			return err
		}
		if step.then != nil {
			step.then(netip.MustParseAddr("10.0.0.2"))
		}
	}
	frames, err := sub.Receive(ctx)
	for _, f := range frames {
		fmt.Println(string(f.Body))
	}
	return err
}
