package multicast_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/pytroll/posttroll-go/pkg/multicast"
)

// A program sends a message of its own to all that listen on this host.
func Example() {
	cfg := multicast.DefaultConfig()
	cfg.Group, cfg.Port = "239.192.21.2", 21298
	cfg.Interface = netip.MustParseAddr("127.0.0.1") // on both ends; without it: through the network
	receiver, err := multicast.Listen(cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer receiver.Close()
	sender, err := multicast.NewSender(cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer sender.Close()
	if err := sender.Send(context.Background(), []byte("pytroll://hello")); err != nil {
		log.Fatal(err)
	}
	datagram, from, err := receiver.Receive(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s from %s\n", datagram, from.Addr())
	// Output: pytroll://hello from 127.0.0.1
}
