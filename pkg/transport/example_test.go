package transport_test

import (
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

func ExampleConnectEndpoint() {
	for _, s := range []string{"tcp://nameserver:5557", "nameserver:5557", "tcp://nameserver", "tcp://*:5557"} {
		e, err := transport.ConnectEndpoint(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(e.Host(), e.Port())
	}
	// Output:
	// nameserver 5557
	// endpoint "nameserver:5557": no "://": want tcp://host:port, ipc://path or inproc://name
	// endpoint "tcp://nameserver": no port
	// endpoint "tcp://*:5557": host "*" can be bound, not connected to
}
