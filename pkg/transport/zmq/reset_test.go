package zmq

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// reset ends the connection as a peer does that has died: what was on its way is lost.
func reset(t *testing.T, c net.Conn) {
	t.Helper()
	must(t, c.(*net.TCPConn).SetLinger(0))
	must(t, c.Close())
}

const rawPing = "\x04PING\x00\x00"

// TestOutlivesResets: a program that is built as this test is has what keeps it alive.
func TestOutlivesResets(t *testing.T) {
	t.Parallel()
	_, err := newTransport(t, Options{}).Subscriber(transport.SubscriberConfig{})
	must(t, err)
	if !outlivesResets() {
		t.Error("libzmq was linked past epoll_linux.c")
	}
}

// exposed are sockets that everybody can reach: plain, gated or secure ones.
type exposed struct {
	publisher transport.Publisher
	replier   transport.Replier
	key       curve.KeyPair // of the server
	client    curve.KeyPair // admitted
}

func newExposed(t *testing.T, kind string) exposed {
	t.Helper()
	e := exposed{key: transporttest.NewKey(t), client: transporttest.NewKey(t)}
	security, backend := transport.ServerSecurity{}, transport.Plain
	switch kind {
	case "secure":
		backend = transport.Secure
		security.Key = e.key
		fallthrough
	case "gated":
		security.Gate = transporttest.NewGate().Admit("client", e.client.Public)
	}
	tr := newTransport(t, Options{})
	var err error
	e.publisher, err = tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Backend: backend, Security: security})
	must(t, err)
	e.replier, err = tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Backend: backend, Security: security})
	must(t, err)
	return e
}

// flood makes one connection to such a socket, sends more than there is room for, pings among it, and resets it: when the handshake is over, or without waiting for
// that.
func (e exposed) flood(t *testing.T, kind, socket string, early bool) {
	t.Helper()
	to := e.publisher.Endpoint()
	if socket == "REQ" {
		to = e.replier.Endpoint()
	}
	peer := dialRaw(t, to)
	frame, command := rawFrame, byte(4)
	var first []byte
	switch {
	case kind == "secure":
		c, initiate := peer.meet(e.key.Public, e.client, socket)
		if frame, command = c.frame, 2; early {
			first = initiate
		} else {
			c.initiate(initiate)
		}
	case early:
		first = append(zmtpGreeting("NULL"), rawFrame(4, "\x05READY"+property("Socket-Type", socket))...)
	default:
		peer.greet(property("Socket-Type", socket))
	}
	for range 100 {
		if socket == "SUB" {
			first = append(first, frame(0, "\x01topic")...)
		} else {
			first = append(append(first, frame(1, "")...), frame(0, "question")...)
		}
		first = append(first, frame(command, rawPing)...)
	}
	_, err := peer.Write(first)
	must(t, err)
	reset(t, peer.Conn)
}

// TestResetWithPings: a peer that sends more than there is room for, pings among it, and resets the connection, ended the process by an assertion
// of libzmq. It can do so before it is known who it is.
func TestResetWithPings(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"plain", "gated", "secure"} {
		for _, early := range []bool{false, true} {
			t.Run(map[bool]string{false: "after the handshake ", true: "in the handshake "}[early]+kind, func(t *testing.T) {
				t.Parallel()
				e := newExposed(t, kind)
				for range 150 {
					e.flood(t, kind, "SUB", early)
					e.flood(t, kind, "REQ", early)
				}
				e.serves(t, kind)
			})
		}
	}
}

// serves fails the test unless both sockets serve.
func (e exposed) serves(t *testing.T, kind string) {
	t.Helper()
	peers := newPeers(t)
	var good *zmq4.Socket
	if kind == "secure" {
		good = peers.secureSub(e.client, e.key.Public, e.publisher.Endpoint())
	} else {
		good = peers.connected(zmq4.SUB, e.publisher.Endpoint())
	}
	must(t, good.SetSubscribe("good"))
	must(t, e.publisher.WaitSubscribed(soon(t), "good", 1))
	must(t, e.publisher.Send(t.Context(), []byte("good")))
	if got, err := good.Recv(0); err != nil || got != "good" {
		t.Errorf("got %q, %v", got, err)
	}
	last := dialRaw(t, e.replier.Endpoint())
	frame := rawFrame
	if kind == "secure" {
		c, initiate := last.meet(e.key.Public, e.client, "REQ")
		c.initiate(initiate)
		frame = c.frame
	} else {
		last.greet(property("Socket-Type", "REQ"))
	}
	_, err := last.Write(append(frame(1, ""), frame(0, "last")...))
	must(t, err)
	isLast := func(q transport.Request) bool { return string(q.Body) == "last" }
	for found := false; !found; {
		requests, err := e.replier.Receive(soon(t))
		must(t, err)
		found = slices.ContainsFunc(requests, isLast)
	}
}

// dyingPublisher is a listener that a subscriber of ours connects to, which has little room.
type dyingPublisher struct {
	t      *testing.T
	l      *net.TCPListener
	key    curve.KeyPair
	kind   string
	s      transport.Subscriber
	events <-chan transport.Event
}

func newDyingPublisher(t *testing.T, kind string) *dyingPublisher {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	t.Cleanup(func() { l.Close() })
	p := &dyingPublisher{t: t, l: l, kind: kind, key: newKeys(t)}
	tr := newTransport(t, Options{Heartbeat: 10 * time.Millisecond})
	cfg := transport.SubscriberConfig{MaxQueued: 1000, SocketOptions: transport.SocketOptions{Queue: 10, ClientKey: newKeys(t)}}
	tr.pace = pace{stable: time.Hour, first: 10 * time.Millisecond, most: 100 * time.Millisecond}
	p.s, p.events = subscriberTo(t, tr, cfg)
	to := transport.Address{Endpoint: endpoint(t, "tcp://"+l.Addr().String())}
	if kind == "secure" {
		to = secureAddress(to.Endpoint, p.key.Public)
	}
	must(t, p.s.Connect(to))
	return p
}

// accept takes a connection and returns what ends the handshake, and a function that makes messages with a ping behind each.
func (p *dyingPublisher) accept() (c net.Conn, ready []byte, message func(body string) []byte) {
	p.t.Helper()
	must(p.t, p.l.SetDeadline(time.Now().Add(patience)))
	c, err := p.l.Accept()
	must(p.t, err)
	must(p.t, c.SetDeadline(time.Now().Add(patience)))
	frame, command := rawFrame, byte(4)
	if p.kind == "secure" {
		var raw *rawCurve
		raw, ready = rawPeer{c, p.t}.receive(p.key, "PUB")
		frame, command = raw.frame, 2
	} else {
		ready = append(zmtpGreeting("NULL"), rawFrame(4, "\x05READY"+property("Socket-Type", "PUB"))...)
	}
	return c, ready, func(body string) []byte { return append(frame(0, body), frame(command, rawPing)...) }
}

// TestResetOfFullLink: a publisher that dies while the program does not take its messages ended the process with the next heartbeat, or with a ping of its own.
func TestResetOfFullLink(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"plain", "secure"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newDyingPublisher(t, kind)
			for range 3 {
				c, ready, message := p.accept()
				_, err := c.Write(ready)
				must(t, err)
				expectEvents(t, p.events, transport.Connected)
				fill(t, c, message)
				reset(t, c)
				<-time.After(100 * time.Millisecond) // ten heartbeats
				// What had come is there, and then the subscriber comes back.
				var got int
				for lost := false; !lost; {
					select {
					case e := <-p.events:
						if diff := cmp.Diff(transport.Lost, e.Kind); diff != "" {
							t.Fatalf("event (-want +got):\n%s", diff)
						}
						lost = true
					default:
						got += len(receiveWithin(t, p.s, 10*time.Millisecond))
					}
				}
				if got == 0 {
					t.Error("nothing was received")
				}
			}
		})
	}
}

// TestResetInHandshake: a publisher that sends its messages before the handshake is over, and resets the connection.
func TestResetInHandshake(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"plain", "secure"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := newDyingPublisher(t, kind)
			last := make(chan struct{})
			var reading sync.WaitGroup
			defer reading.Wait()
			reading.Go(func() {
				defer close(last)
				// With pauses, so that there is no room most of the time.
				for found := false; !found && !t.Failed(); <-time.After(20 * time.Millisecond) {
					frames, err := p.s.Receive(soon(t))
					if err != nil {
						t.Error(err)
					}
					found = slices.ContainsFunc(frames, func(f transport.Frame) bool { return string(f.Body) == "last" })
				}
			})
			for range 5 {
				c, all, message := p.accept()
				for range 500 {
					all = append(all, message(strings.Repeat("m", 200))...)
				}
				_, _ = c.Write(all) // may be refused as too early
				reset(t, c)
			}
			c, ready, message := p.accept()
			defer c.Close()
			_, err := c.Write(ready)
			must(t, err)
			for ctx, say := soon(t), message("last"); ; {
				select {
				case <-last:
					return
				case <-ctx.Done():
					t.Fatal("the last message does not come")
				case <-time.After(50 * time.Millisecond): // refused as too early, maybe
					_, err := c.Write(say)
					must(t, err)
					say = message("last")
				}
			}
		})
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
func fill(t *testing.T, c net.Conn, message func(body string) []byte) {
	t.Helper()
	body := strings.Repeat("m", 200)
	for {
		var chunk []byte
		for range 500 {
			chunk = append(chunk, message(body)...)
		}
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
