package nameserver_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// A nameserver in a test: on a network in memory, and without multicast. In a program the transport is that of package zmq.
func Example() {
	network := inmem.NewNetwork()
	defer network.Close()
	host := network.Transport(netip.MustParseAddr("10.0.0.1"))

	cfg := nameserver.DefaultConfig()
	cfg.Multicast = false
	cfg.FeedAddress = "10.0.0.1"
	server, err := nameserver.New(cfg, nameserver.Options{Transport: host})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if err := server.Listen(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	ended := make(chan error)
	go func() { ended <- server.Run(ctx, nameserver.Hooks{}) }()

	// A publisher registers, and a subscriber looks it up.
	viirs := discovery.Announcement{Name: "viirs", URI: "tcp://10.0.0.2:9000", Services: []string{"viirs"}}
	m, err := viirs.Message(discovery.TypeInfo, message.Encoder{})
	if err != nil {
		fmt.Println(err)
		return
	}
	register, err := discovery.NameserverAddress("10.0.0.1", discovery.DefaultBroadcastPort)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := host.Request(ctx, register, m.Bytes(), transport.SocketOptions{})
	fmt.Println(string(answer), err)

	ask, err := discovery.NameserverAddress("10.0.0.1", discovery.DefaultNameserverPort)
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := discovery.Lookup(ctx, discovery.LookupConfig{Transport: host, Nameservers: []transport.Address{ask}}, "viirs")
	for _, entry := range found {
		fmt.Println(entry.URI, entry.Services, err)
	}

	stop()
	fmt.Println(<-ended)
	// Output:
	// ok <nil>
	// tcp://10.0.0.2:9000 [viirs] <nil>
	// <nil>
}
