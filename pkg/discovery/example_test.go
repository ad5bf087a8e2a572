package discovery_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

// A program announces a publisher and withdraws it when it stops. Here another one listens in.
func ExampleAnnouncer() {
	network := inmem.NewNetwork()
	defer network.Close()
	listener := network.Group(netip.MustParseAddr("10.0.0.1"))

	announcer, err := discovery.NewAnnouncer(discovery.AnnouncerConfig{
		Announcement: discovery.Announcement{
			Name:     "viirs",
			URI:      "tcp://10.0.0.9:9010",
			Services: []string{"viirs", "sdr"},
		},
		Group: network.Group(netip.MustParseAddr("10.0.0.9")),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() { stopped <- announcer.Run(ctx) }()

	hear := func() {
		frame, from, err := listener.Receive(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		m, err := message.Decode(frame)
		if err != nil {
			fmt.Println(err)
			return
		}
		a, err := discovery.ParseAnnouncement(m)
		fmt.Println(m.Type(), from.Addr(), a.Name, a.URI, a.Services, err)
	}
	hear()
	cancel()
	hear()
	fmt.Println(<-stopped)
	// Output:
	// info 10.0.0.9 viirs tcp://10.0.0.9:9010 [viirs sdr] <nil>
	// withdraw 10.0.0.9 viirs tcp://10.0.0.9:9010 [viirs sdr] <nil>
	// <nil>
}

func ExampleParseAnnouncement() {
	for _, data := range []string{
		`{"URI": "tcp://10.0.0.9:9010", "service": ["viirs", "sdr"]}`,
		`{"URI": "10.0.0.9:9010"}`,
	} {
		m, err := message.Decode([]byte("pytroll://address/viirs info user@host 2024-05-17T09:41:12.345678 v1.01 application/json " + data))
		if err != nil {
			fmt.Println(err)
			continue
		}
		a, err := discovery.ParseAnnouncement(m)
		if refused, ok := errors.AsType[*discovery.RefusedError](err); ok {
			fmt.Println("refused:", refused.Reason)
			continue
		}
		fmt.Println(a.Name, a.URI, a.Offers("sdr"))
	}
	// Output:
	// viirs tcp://10.0.0.9:9010 true
	// refused: uri
}

func ExampleLookup() {
	network := inmem.NewNetwork()
	defer network.Close()
	ns, err := discovery.NameserverAddress("10.0.0.1", discovery.DefaultNameserverPort)
	if err != nil {
		fmt.Println(err)
		return
	}
	entries, err := discovery.Lookup(context.Background(), discovery.LookupConfig{
		Transport:   network.Transport(netip.MustParseAddr("10.0.0.9")),
		Nameservers: []transport.Address{ns},
		Timeout:     10 * time.Millisecond,
	}, "viirs")
	switch {
	case errors.Is(err, discovery.ErrNoNameserver):
		fmt.Println("no nameserver")
	case err != nil:
		fmt.Println(err)
	}
	for _, e := range entries {
		fmt.Println(e.URI, e.Services)
	}
	// Output:
	// no nameserver
}

func ExampleNameserverAddress() {
	for _, s := range []string{"localhost", "ns.example.org:6000", "tcp://10.0.0.1", "::1", "ipc:///run/ns"} {
		addr, err := discovery.NameserverAddress(s, discovery.DefaultNameserverPort)
		fmt.Println(addr, err)
	}
	// Output:
	// tcp://localhost:5557 <nil>
	// tcp://ns.example.org:6000 <nil>
	// tcp://10.0.0.1:5557 <nil>
	// tcp://[::1]:5557 <nil>
	// ipc:///run/ns <nil>
}
