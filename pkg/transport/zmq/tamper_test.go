package zmq

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// middleman passes connections on, and flips a bit of what comes from the peer when it is told to.
type middleman struct {
	at     transport.Endpoint
	tamper atomic.Bool
}

func newMiddleman(t *testing.T, to transport.Endpoint) *middleman {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	m := &middleman{at: endpoint(t, "tcp://"+l.Addr().String())}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", strings.TrimPrefix(to.String(), "tcp://"))
			if err != nil {
				t.Error(err)
				client.Close()
				return
			}
			pass := func(dst, src net.Conn, via io.Reader) {
				_, _ = io.Copy(dst, via) // until one of them closes
				dst.Close()
				src.Close()
			}
			wg.Go(func() { pass(server, client, client) })
			wg.Go(func() { pass(client, server, &flipping{server, m}) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return m
}

type flipping struct {
	io.Reader
	by *middleman
}

func (f *flipping) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if n > 0 && f.by.tamper.CompareAndSwap(true, false) {
		b[n-1] ^= 1
	}
	return n, err
}

// TestTamperedMessage: a secure connection on which something was changed on the way is ended and made anew, and what was changed is not received. libzmq
// alone would leave it open and read nothing more from it.
func TestTamperedMessage(t *testing.T) {
	t.Parallel()
	ps := newPeers(t)
	ps.gatekeeper("200")
	server := newKeys(t)
	pub, at := ps.boundSecure(zmq4.XPUB, server)
	must(t, pub.SetXpubVerbose(1))
	m := newMiddleman(t, at)
	tr := newTransport(t, Options{}) // closed before the middleman is
	s, events := subscriberTo(t, tr, transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: newKeys(t)}})
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.Connect(secureAddress(m.at, server.Public)))
	subscribed := func() {
		t.Helper()
		expectEvents(t, events, transport.Connected)
		for topic := "?"; topic != "\x01"; {
			got, err := pub.Recv(0)
			must(t, err)
			topic = got
		}
	}
	say := func(text string) {
		t.Helper()
		_, err := pub.Send(text, 0)
		must(t, err)
	}
	subscribed()
	say("one")
	if got := receiveAll(t, s, 1); got[0] != "one" {
		t.Fatalf("got %q", got)
	}
	m.tamper.Store(true)
	say("two")
	if e := expectEvents(t, events, transport.Lost); !strings.Contains(e.Cause, "signature") {
		t.Errorf("lost for %q", e.Cause)
	}
	subscribed()
	say("three")
	if got := receiveAll(t, s, 1); got[0] != "three" {
		t.Errorf("got %q, want three alone", got)
	}
}
