package inmem_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// A client that is admitted, and is not any more.
func Example_secure() {
	network := inmem.NewNetwork()
	defer network.Close()
	if err := revoke(network); err != nil {
		log.Fatal(err)
	}
	// Output:
	// connected to tcp://10.0.0.1:9000 (secure)
	// "viirs-runner" from 10.0.0.2
	// connection closed
	// failed: silent
}

func revoke(network *inmem.Network) error {
	server, err := curve.Generate()
	if err != nil {
		return err
	}
	client, err := curve.Generate()
	if err != nil {
		return err
	}
	gate := transporttest.NewGate().Admit("viirs-runner", client.Public)
	at, err := transport.ParseEndpoint("tcp://10.0.0.1:9000")
	if err != nil {
		return err
	}
	pub, err := network.Transport(netip.MustParseAddr("10.0.0.1")).Publisher(transport.PublisherConfig{
		Endpoint: at, Backend: transport.Secure, Security: transport.ServerSecurity{Key: server.KeyPair, Gate: gate},
	})
	if err != nil {
		return err
	}
	events := make(chan transport.Event)
	sub, err := network.Transport(netip.MustParseAddr("10.0.0.2")).Subscriber(transport.SubscriberConfig{
		Events:        func(e transport.Event) { events <- e },
		SocketOptions: transport.SocketOptions{ClientKey: client.KeyPair},
	})
	if err != nil {
		return err
	}
	to := transport.Address{Endpoint: at, Backend: transport.Secure, ServerKeys: curve.NewPublicKeys(server.Public)}
	if err := sub.Subscribe("pytroll:/"); err != nil {
		return err
	}
	if err := sub.Connect(to); err != nil {
		return err
	}
	if err := pub.WaitSubscribed(context.Background(), "pytroll:/", 1); err != nil {
		return err
	}
	fmt.Println("connected to", (<-events).Peer)
	for _, c := range pub.Clients() {
		fmt.Printf("%q from %s\n", c.Identity, c.Addr.Addr())
	}
	gate.Revoke(client.Public)
	fmt.Println((<-events).Cause)
	fmt.Println("failed:", (<-events).Reason)
	return nil
}
