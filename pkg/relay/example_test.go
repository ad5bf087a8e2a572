package relay_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// A relay within a program: it takes the segments of one publisher and publishes them anew.
func Example() {
	network := inmem.NewNetwork() // zmq.New in a real program
	defer network.Close()
	hub := network.Transport(netip.MustParseAddr("10.0.0.2"))
	site, err := pubsub.New(pubsub.Options{Transport: network.Transport(netip.MustParseAddr("10.0.0.1"))})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	cfg := relay.DefaultConfig()
	cfg.Routes = []relay.Route{{
		Name:   "gather",
		Source: relay.SourceConfig{Addresses: []string{"tcp://10.0.0.1:9000"}, Topics: []string{"/segment"}},
		Sink:   relay.SinkConfig{Port: 9100, Announce: "none"},
	}}
	r, err := relay.New(cfg, relay.Options{Transport: hub})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	if err := r.Listen(ctx); err != nil {
		log.Fatal(err)
	}
	carrying, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(carrying, relay.Hooks{}) }()

	pub, err := site.Publisher(pubsub.PublisherOptions{Port: 9000, Announce: pubsub.AnnounceNone})
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()
	sub, err := site.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs("tcp://10.0.0.2:9100"), Topics: []string{"/segment"}})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	if err := pub.WaitSubscribed(ctx, "/segment", 1); err != nil {
		log.Fatal(err)
	}
	if err := pub.Publish(ctx, "/segment/1", "file", map[string]any{"uid": "x.h5"}); err != nil {
		log.Fatal(err)
	}
	m, err := sub.Receive(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Subject(), m.Type())
	stop()
	fmt.Println(<-ended, r.Stats().Routes[0].Sent)
	// Output:
	// /segment/1 file
	// <nil> 1
}

// What routes make of messages can be tried without any network.
func ExampleExplainer() {
	cfg := relay.DefaultConfig()
	cfg.Routes = []relay.Route{{
		Name:   "test",
		Source: relay.SourceConfig{Services: []string{"viirs"}, Topics: []string{"/1b"}},
		Steps: []step.Config{
			{Keep: &step.Match{Type: []string{"file"}}},
			{Rename: &step.Rename{Prefix: map[string]string{"/1b": "/test/1b"}}},
		},
		Sink: relay.SinkConfig{Port: 9100},
	}}
	explainer, err := relay.NewExplainer(cfg)
	if err != nil {
		log.Fatal(err)
	}
	for _, typ := range []string{"file", "info"} {
		frame := "pytroll://1b/hrit " + typ + " safusr@lx1 2024-05-17T09:41:12 v1.01"
		for _, e := range explainer.Explain([]byte(frame), transport.Endpoint{}, time.Now()) {
			if e.Fate == relay.Sent {
				fmt.Println(e.Route, e.Fate, e.Message.Subject())
			} else {
				fmt.Println(e.Route, e.Fate, e.Reason, "by step", e.Step, e.Kind)
			}
		}
	}
	// Output:
	// test sent /test/1b/hrit
	// test dropped not_kept by step 1 keep
}
