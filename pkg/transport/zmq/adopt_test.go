package zmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// listening is a TCP socket as a service manager hands it over.
func listening(t *testing.T, address string) (*os.File, transport.Endpoint) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	must(t, err)
	f, err := l.(*net.TCPListener).File()
	must(t, err)
	must(t, l.Close())
	t.Cleanup(func() { must(t, f.Close()) })
	return f, endpoint(t, "tcp://"+l.Addr().String())
}

// While a server restarts on a socket that is handed over nobody is refused, and who asks meanwhile is answered by the next one.
func TestAdoptedReplierRestarts(t *testing.T) {
	t.Parallel()
	f, ep := listening(t, "127.0.0.1:0")
	var clients sync.WaitGroup
	asking := newTransport(t, Options{})
	ask := func(ctx context.Context, text string) error {
		got, err := asking.Request(ctx, transport.Address{Endpoint: ep}, []byte(text), transport.SocketOptions{})
		if err == nil && string(got) != text {
			return fmt.Errorf("%q answered with %q", text, got)
		}
		return err
	}
	for round := range 5 {
		// Nobody serves here at the moment.
		for i := range 10 {
			conn, err := net.Dial("tcp", strings.TrimPrefix(ep.String(), "tcp://"))
			must(t, err)
			must(t, conn.Close())
			clients.Go(func() {
				if err := ask(t.Context(), fmt.Sprintf("%d of round %d", i, round)); err != nil {
					t.Error(err)
				}
			})
		}
		network := newTransport(t, Options{})
		r, err := network.Replier(transport.ReplierConfig{Endpoint: ep, Listener: f})
		must(t, err)
		if r.Endpoint() != ep {
			t.Errorf("bound at %s, want %s", r.Endpoint(), ep)
		}
		var serving sync.WaitGroup
		serving.Go(func() {
			for {
				requests, err := r.Receive(context.Background())
				if err != nil {
					return
				}
				for _, q := range requests {
					if err := r.Reply(q, q.Body); err != nil && !errors.Is(err, transport.ErrClosed) {
						t.Error(err)
					}
				}
			}
		})
		clients.Wait()
		must(t, network.Close())
		serving.Wait()
	}
}

// A socket that is bound after one that was handed over has a descriptor of its own: libzmq ends the process where it is given one twice.
func TestAdoptedPublisher(t *testing.T) {
	t.Parallel()
	network := newTransport(t, Options{})
	f, ep := listening(t, "127.0.0.1:0")
	p, err := network.Publisher(transport.PublisherConfig{Endpoint: ep, Listener: f})
	must(t, err)
	other, err := network.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	s, err := network.Subscriber(transport.SubscriberConfig{})
	must(t, err)
	must(t, s.Subscribe(""))
	for _, pub := range []transport.Publisher{p, other} {
		must(t, s.Connect(transport.Address{Endpoint: pub.Endpoint()}))
		must(t, pub.WaitSubscribed(t.Context(), "", 1))
		must(t, pub.Send(t.Context(), []byte("from "+pub.Endpoint().String())))
		frames, err := s.Receive(t.Context())
		must(t, err)
		if want := "from " + pub.Endpoint().String(); len(frames) != 1 || string(frames[0].Body) != want {
			t.Errorf("got %q, want %q", frames, want)
		}
	}
}

func TestAdoptRefusesOtherSockets(t *testing.T) {
	t.Parallel()
	network := newTransport(t, Options{})
	tcp, ep := listening(t, "127.0.0.1:0")
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { must(t, udp.Close()) })
	datagrams, err := udp.(*net.UDPConn).File()
	must(t, err)
	t.Cleanup(func() { must(t, datagrams.Close()) })
	plain, err := os.Open(os.DevNull)
	must(t, err)
	t.Cleanup(func() { must(t, plain.Close()) })
	closed, err := os.Open(os.DevNull)
	must(t, err)
	must(t, closed.Close())
	for _, tt := range []struct {
		name string
		file *os.File
		at   transport.Endpoint
		want string
	}{
		{"another port", tcp, ep.WithPort(1), "listens at port "},
		{"any port", tcp, ep.WithPort(0), "listens at port "},
		{"not tcp", tcp, endpoint(t, "inproc://adopted"), "is for tcp alone"},
		{"udp", datagrams, ep, "listens at no TCP port"},
		{"no socket", plain, ep, "non-socket"},
		{"closed", closed, ep, "closed"},
	} {
		if _, err := network.Replier(transport.ReplierConfig{Endpoint: tt.at, Listener: tt.file}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: replier: got %v, want %q", tt.name, err, tt.want)
		}
		if _, err := network.Publisher(transport.PublisherConfig{Endpoint: tt.at, Listener: tt.file}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: publisher: got %v, want %q", tt.name, err, tt.want)
		}
	}
}
