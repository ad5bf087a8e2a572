package zmq

import (
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// newRude is a publisher that says so many messages and then begins one that is longer than any may be, at which libzmq gives the connection up.
func newRude(t *testing.T, messages int) transport.Endpoint {
	t.Helper()
	at, _ := garbage(t, func(c net.Conn) {
		defer c.Close()
		p := rawPeer{c, t}
		if c.SetDeadline(time.Now().Add(patience)) != nil || p.welcome() != nil || p.send(slices.Repeat([]string{"rude"}, messages)...) != nil {
			return // the subscriber was closed
		}
		if _, err := c.Write([]byte("\x02\xff\xff\xff\xff\xff\xff\xff\xff")); err == nil {
			_, _ = io.Copy(io.Discard, c)
		}
	})
	return at
}

// TestRudeCrowd: publishers that break the protocol while others are connected to and left do a subscriber no harm, however many it has. (It ended the process
// when ZMQ_RCVHWM was changed with their number.)
func TestRudeCrowd(t *testing.T) {
	t.Parallel()
	s, _ := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{})
	silent, _ := garbage(t, func(c net.Conn) { c.Close() })
	const rude = 40
	for i := range 64 - rude {
		must(t, s.Connect(at127(t, i+2, silent)))
	}
	more := at127(t, 200, silent)
	for range 10 {
		var peers []transport.Address
		for i := range rude {
			peers = append(peers, transport.Address{Endpoint: newRude(t, i)})
			must(t, s.Connect(peers[i]))
		}
		for got := 0; got < rude*(rude-1)/2; {
			frames, err := s.Receive(soon(t))
			must(t, err)
			got += len(frames)
			must(t, s.Connect(more))
			must(t, s.Disconnect(more))
		}
		for _, p := range peers {
			must(t, s.Disconnect(p))
		}
	}
}

// at127 is the same port at another address of this host, where nobody listens.
func at127(t *testing.T, n int, at transport.Endpoint) transport.Address {
	t.Helper()
	return transport.Address{Endpoint: endpoint(t, fmt.Sprintf("tcp://127.0.0.%d:%d", n, at.Port()))}
}
