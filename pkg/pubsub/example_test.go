package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// host is a place in the network of the examples, which is in memory. A program uses package transport/zmq instead.
func host(network *inmem.Network, address string) *pubsub.Node {
	addr := netip.MustParseAddr(address)
	node, err := pubsub.New(pubsub.Options{Transport: network.Transport(addr), Group: network.Group(addr)})
	if err != nil {
		log.Fatal(err)
	}
	return node
}

// startNameserver runs one at an address until stop is called.
func startNameserver(network *inmem.Network, address string) (stop func()) {
	addr := netip.MustParseAddr(address)
	group := network.Group(addr)
	cfg := nameserver.DefaultConfig()
	cfg.NameserverPort, cfg.AddressPublishPort, cfg.BroadcastPort = 5557, 16543, 21200
	server, err := nameserver.New(cfg, nameserver.Options{Transport: network.Transport(addr), Receiver: group, Sender: group})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := server.Listen(ctx); err != nil {
		log.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- server.Run(ctx, nameserver.Hooks{}) }()
	return func() {
		cancel()
		if err := errors.Join(<-done, server.Close()); err != nil {
			log.Fatal(err)
		}
	}
}

// Two relays side by side: each message comes over both, and is received once.
func ExampleSubscriberOptions_duplicates() {
	network := inmem.NewNetwork()
	defer network.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	sub, err := host(network, "10.0.0.3").Subscriber(pubsub.SubscriberOptions{
		Addresses:  pubsub.URIs("tcp://10.0.0.1:9100", "tcp://10.0.0.2:9100"),
		Duplicates: &dedup.Config{}, // by every byte, for ten minutes
	})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	m, err := message.New("/segment", "info", "the same")
	if err != nil {
		log.Fatal(err)
	}
	last, err := message.New("/segment", "info", "the last")
	if err != nil {
		log.Fatal(err)
	}
	for _, address := range []string{"10.0.0.1", "10.0.0.2"} { // stand for the relays
		pub, err := host(network, address).Publisher(pubsub.PublisherOptions{Name: "relay", Port: 9100, Announce: pubsub.AnnounceNone})
		if err != nil {
			log.Fatal(err)
		}
		defer pub.Close()
		if err := errors.Join(pub.WaitSubscribed(ctx, "/segment", 1), pub.Send(ctx, m), pub.Send(ctx, last)); err != nil {
			log.Fatal(err)
		}
	}
	for range 2 {
		m, err := sub.Receive(ctx)
		if err != nil {
			log.Fatal(err)
		}
		data, err := m.Data()
		fmt.Println(data, err)
	}
	ctx, cancel = context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err = sub.Receive(ctx)
	fmt.Println(err, sub.Stats().Duplicates)
	// Output:
	// the same <nil>
	// the last <nil>
	// context deadline exceeded 2
}

// A publisher and a subscriber that know of each other by name alone.
func Example() {
	network := inmem.NewNetwork()
	defer network.Close()
	defer startNameserver(network, "10.0.0.9")()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	pub, err := host(network, "10.0.0.1").Publisher(pubsub.PublisherOptions{Name: "a_service", Port: 9000, Advertise: "10.0.0.1"})
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()

	sub, err := host(network, "10.0.0.2").Subscriber(pubsub.SubscriberOptions{
		Services:    []string{"a_service"},
		Nameservers: []string{"10.0.0.9"}, // by default that on the same host
		Topics:      []string{"/counter"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()

	if err := pub.WaitSubscribed(ctx, "/counter", 1); err != nil {
		log.Fatal(err)
	}
	for i := range 3 {
		if err := pub.Publish(ctx, "/counter", "info", map[string]any{"n": i}); err != nil {
			log.Fatal(err)
		}
	}
	for msg, err := range sub.Messages(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		var data struct {
			N int `json:"n"`
		}
		if err := msg.Unmarshal(&data); err != nil {
			log.Fatal(err)
		}
		fmt.Println(msg.Subject(), msg.Type(), data.N)
		if data.N == 2 {
			break
		}
	}
	// Output:
	// /counter info 0
	// /counter info 1
	// /counter info 2
}

// Without multicast, publishers are told which nameservers to register with.
func ExampleNode_Publisher_nameservers() {
	network := inmem.NewNetwork()
	defer network.Close()
	defer startNameserver(network, "10.0.0.9")()
	node := host(network, "10.0.0.1")

	options, err := pubsub.ParsePublisherOptions(map[string]any{ // as in a program's own configuration file
		"name":        "a_service",
		"port":        9000,
		"aliases":     []any{"sdr"},
		"nameservers": []any{"10.0.0.9"},
		"advertise":   "10.0.0.1",
	})
	if err != nil {
		log.Fatal(err)
	}
	pub, err := node.Publisher(options)
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()

	entries, err := node.Lookup(context.Background(), "sdr", "10.0.0.9")
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range entries {
		fmt.Println(entry.URI, entry.Services)
	}
	// Output: tcp://10.0.0.1:9000 [a_service sdr]
}

// A publisher on a fixed port, and a subscriber that is told the address: no nameserver is needed.
func ExampleNode_Subscriber_addresses() {
	network := inmem.NewNetwork()
	defer network.Close()
	ctx := context.Background()

	pub, err := host(network, "10.0.0.1").Publisher(pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone})
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()
	sub, err := host(network, "10.0.0.2").Subscriber(pubsub.SubscriberOptions{
		Addresses: pubsub.URIs("tcp://10.0.0.1:9000"),
		Filter:    func(m *message.Message) bool { return m.Type() == "file" },
		Timeout:   100 * time.Millisecond,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()

	for _, typ := range []string{"info", "file"} {
		if err := pub.Publish(ctx, "/viirs/sdr", typ, nil); err != nil {
			log.Fatal(err)
		}
	}
	for msg, err := range sub.Messages(ctx) {
		if errors.Is(err, pubsub.ErrTimeout) {
			fmt.Println("nothing more")
			break
		}
		fmt.Println(msg.Subject(), msg.Type(), err)
	}
	// Output:
	// /viirs/sdr file <nil>
	// nothing more
}

// A listener receives in the background.
func ExampleListener() {
	network := inmem.NewNetwork()
	defer network.Close()
	ctx := context.Background()

	pub, err := host(network, "10.0.0.1").Publisher(pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone})
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()
	listener, err := host(network, "10.0.0.2").Listener(pubsub.SubscriberOptions{
		Addresses: pubsub.URIs("tcp://10.0.0.1:9000"),
		Topics:    []string{"/counter"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()

	for i := range 3 {
		if err := pub.Publish(ctx, fmt.Sprintf("/counter/%d", i), "info", nil); err != nil {
			log.Fatal(err)
		}
	}
	for range 3 {
		fmt.Println((<-listener.Messages()).Subject())
	}
	// Output:
	// /counter/0
	// /counter/1
	// /counter/2
}

// Settings count for what is made after them: here keep-alive, for the subscribers behind one firewall.
func ExampleNode_With() {
	network := inmem.NewNetwork()
	defer network.Close()
	node := host(network, "10.0.0.1")

	settings := node.Settings()
	settings.KeepAlive = transport.KeepAlive{Mode: transport.KeepAliveOn, Count: 10, Idle: time.Minute, Interval: 10 * time.Second}
	outside, err := node.With(settings)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(node.Settings().KeepAlive.Count, outside.Settings().KeepAlive.Count)
	// Output: 0 10
}
