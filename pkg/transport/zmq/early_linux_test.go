package zmq

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestBindEarly: an address that the host does not have is bound where that is asked for, at the port that is wanted or a free one of the range. A port that is taken is an
// error all the same.
func TestBindEarly(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"192.0.2.1", "[2001:db8::1]", "[fe80::1%lo]", "[fe80::2%1]"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			network := newTransport(t, Options{})
			at := endpoint(t, "tcp://"+host+":0")
			p, err := network.Publisher(transport.PublisherConfig{Endpoint: at, MinPort: 40000, MaxPort: 50000, Early: true})
			if errors.Is(err, syscall.EAFNOSUPPORT) {
				t.Skip("no IPv6 here")
			}
			must(t, err)
			bound := p.Endpoint()
			if bound.Host() != at.Host() || bound.Port() < 40000 || bound.Port() >= 50000 {
				t.Errorf("bound at %s", bound)
			}
			if _, err := network.Publisher(transport.PublisherConfig{Endpoint: bound, Early: true}); !errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("bound again: %v", err)
			}
			if _, err := network.Publisher(transport.PublisherConfig{Endpoint: at}); !errors.Is(err, syscall.EADDRNOTAVAIL) {
				t.Errorf("bound without being asked to: %v", err)
			}
			must(t, p.Close())
			again, err := network.Publisher(transport.PublisherConfig{Endpoint: bound, Early: true})
			must(t, err)
			must(t, again.Close())
		})
	}
}

// TestBindEarlyHere: an address that is there is bound as ever, and an interface that is not is an error.
func TestBindEarlyHere(t *testing.T) {
	t.Parallel()
	network := newTransport(t, Options{})
	p, err := network.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Early: true})
	must(t, err)
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Endpoint().Port())))
	must(t, err)
	must(t, errors.Join(conn.Close(), p.Close()))
	if _, err := network.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://nosuch9:9000"), Early: true}); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("bound at no interface: %v", err)
	}
	// Not EADDRNOTAVAIL either: a nameserver would wait for the address.
	for _, nobodys := range []string{"224.0.0.1", "255.255.255.255", "[ff02::1]"} {
		if _, err := network.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://"+nobodys+":9000"), Early: true}); !errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Errorf("bound at %s: %v", nobodys, err)
		}
	}
}
