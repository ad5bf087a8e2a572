package zmq

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// reset ends the connection as a peer does that has died: what was on its way is lost.
func reset(t *testing.T, c net.Conn) {
	t.Helper()
	must(t, c.(*net.TCPConn).SetLinger(0))
	must(t, c.Close())
}

const rawPing = "\x04PING\x00\x00"

// TestResetWithPings: a peer that sends more than there is room for, pings among it, and resets the connection, ended the process by an assertion
// of libzmq.
func TestResetWithPings(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	r, err := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	for _, tt := range []struct{ kind, to, frames string }{
		{"SUB", p.Endpoint().String(), string(rawFrame(0, "\x01topic"))},
		{"REQ", r.Endpoint().String(), string(rawFrame(1, "")) + string(rawFrame(0, "question"))},
	} {
		for range 200 {
			c := dialRaw(t, endpoint(t, tt.to))
			c.greet(property("Socket-Type", tt.kind))
			_, err := c.Write([]byte(strings.Repeat(tt.frames+string(rawFrame(4, rawPing)), 300)))
			must(t, err)
			reset(t, c.Conn)
		}
	}
	// Both serve.
	good := newPeers(t).connected(zmq4.SUB, p.Endpoint())
	must(t, good.SetSubscribe("good"))
	must(t, p.WaitSubscribed(soon(t), "good", 1))
	must(t, p.Send(t.Context(), []byte("good")))
	if got, err := good.Recv(0); err != nil || got != "good" {
		t.Errorf("got %q, %v", got, err)
	}
	last := dialRaw(t, r.Endpoint())
	last.greet(property("Socket-Type", "REQ"))
	_, err = last.Write(append(rawFrame(1, ""), rawFrame(0, "last")...))
	must(t, err)
	isLast := func(q transport.Request) bool { return string(q.Body) == "last" }
	for found := false; !found; {
		requests, err := r.Receive(soon(t))
		must(t, err)
		found = slices.ContainsFunc(requests, isLast)
	}
}

// TestResetOfFullLink: a publisher that dies while the program does not take its messages ended the process with the next heartbeat.
func TestResetOfFullLink(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	tr := newTransport(t, Options{Heartbeat: 10 * time.Millisecond})
	cfg := transport.SubscriberConfig{MaxQueued: 1000, SocketOptions: transport.SocketOptions{Queue: 10}}
	s, events := subscriberTo(t, tr, cfg, endpoint(t, "tcp://"+l.Addr().String()))
	for range 3 {
		c, err := l.Accept()
		must(t, err)
		must(t, c.SetDeadline(time.Now().Add(patience)))
		peer := rawPeer{c, t}
		must(t, peer.welcome())
		expectEvents(t, events, transport.Connected)
		fill(t, c)
		reset(t, c)
		<-time.After(100 * time.Millisecond) // ten heartbeats
		// What had come is there, and then the subscriber comes back.
		var got int
		for lost := false; !lost; {
			select {
			case e := <-events:
				if diff := cmp.Diff(transport.Lost, e.Kind); diff != "" {
					t.Fatalf("event (-want +got):\n%s", diff)
				}
				lost = true
			default:
				got += len(receiveWithin(t, s, 10*time.Millisecond))
			}
		}
		if got == 0 {
			t.Error("nothing was received")
		}
	}
}

// receiveWithin returns what has come, nothing where that is none.
func receiveWithin(t *testing.T, s transport.Subscriber, d time.Duration) []transport.Frame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	frames, err := s.Receive(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return frames
}

// fill sends messages until there is no room for them on the way.
func fill(t *testing.T, c net.Conn) {
	t.Helper()
	chunk := []byte(strings.Repeat(string(rawFrame(0, strings.Repeat("m", 200))), 500))
	for {
		must(t, c.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
		_, err := c.Write(chunk)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil:
			t.Fatal(err)
		}
	}
}
