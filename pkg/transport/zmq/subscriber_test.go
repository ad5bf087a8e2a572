package zmq

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"golang.org/x/sys/unix"
)

func TestSubscriberMultipart(t *testing.T) {
	t.Parallel()
	pub, at := newPeers(t).bound(zmq4.XPUB)
	s, _ := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{}, at)
	if _, err := pub.RecvBytes(0); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		_, err := pub.SendMessage(fmt.Sprint("first of ", i), "second", "third")
		must(t, err)
		_, err = pub.SendMessage(fmt.Sprint("single ", i))
		must(t, err)
	}
	var want []string
	for i := range 300 {
		want = append(want, fmt.Sprint("single ", i))
	}
	if diff := cmp.Diff(want, receiveAll(t, s, 300)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.Stats(); got.Received != 300 || got.Multipart != 300 {
		t.Errorf("stats %+v, want 300 received and 300 of several parts", got)
	}
}

func TestPuller(t *testing.T) {
	t.Parallel()
	push, at := newPeers(t).bound(zmq4.PUSH)
	p, err := newTransport(t, Options{}).Puller(transport.PullerConfig{Address: transport.Address{Endpoint: at}})
	must(t, err)
	for _, m := range [][]any{{"one"}, {"two", "parts"}, {"two"}} {
		_, err := push.SendMessage(m...)
		must(t, err)
	}
	if diff := cmp.Diff([]string{"one", "two"}, receiveAll(t, p, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, p.Close())
	if _, err := p.Receive(t.Context()); err != transport.ErrClosed {
		t.Errorf("got %v, want %v", err, transport.ErrClosed)
	}
}

func TestPullerRefuses(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	if _, err := tr.Puller(transport.PullerConfig{Address: transport.Address{Endpoint: endpoint(t, "tcp://*:1")}}); err == nil {
		t.Error("want an error")
	}
}

// TestEndpointKinds: one publisher of each kind of endpoint, and a message from each, twice over a restart.
func TestEndpointKinds(t *testing.T) {
	t.Parallel()
	for _, bind := range []string{
		"tcp://127.0.0.1:0",
		"tcp://*:0",
		"tcp://0.0.0.0:0",
		"tcp://[::1]:0",
		"tcp://lo:0",
		"ipc://" + filepath.Join(t.TempDir(), "sock"),
		"ipc://*",
		"inproc://name",
	} {
		if strings.Contains(bind, "::1") && !hasIPv6() {
			continue // a kernel without IPv6 has no such case
		}
		t.Run(bind, func(t *testing.T) {
			t.Parallel()
			tr := newTransport(t, Options{})
			p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, bind)})
			must(t, err)
			at := p.Endpoint()
			if strings.HasPrefix(bind, "tcp://*") || strings.HasPrefix(bind, "tcp://lo") {
				at = endpoint(t, fmt.Sprintf("tcp://localhost:%d", p.Endpoint().Port()))
			}
			s, _ := subscriberTo(t, tr, transport.SubscriberConfig{Attribute: true}, at)
			for round := range 2 {
				must(t, p.WaitSubscribed(soon(t), "", 1))
				must(t, p.Send(soon(t), fmt.Append(nil, round)))
				frames, err := s.Receive(soon(t))
				must(t, err)
				from := at
				if at.Scheme() == "inproc" {
					from = transport.Endpoint{} // nobody tells
				}
				if len(frames) != 1 || string(frames[0].Body) != fmt.Sprint(round) || frames[0].From != from {
					t.Errorf("got %v, want %d from %v", frames, round, from)
				}
				must(t, p.Close())
				if bind == "ipc://*" {
					break // its directory is gone
				}
				p, err = tr.Publisher(transport.PublisherConfig{Endpoint: p.Endpoint()})
				must(t, err)
			}
		})
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// TestSharedConnection: two names of one publisher are one connection, and each message comes once.
func TestSharedConnection(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	numeric := p.Endpoint()
	named := endpoint(t, fmt.Sprintf("tcp://localhost:%d", numeric.Port()))
	s, events := subscriberTo(t, tr, transport.SubscriberConfig{}, numeric, named)
	connected := map[transport.Endpoint]bool{}
	for range 2 {
		connected[expectEvents(t, events, transport.Connected).Peer.Endpoint] = true
	}
	if !connected[numeric] || !connected[named] {
		t.Errorf("connected are %v, want both", connected)
	}
	must(t, p.WaitSubscribed(soon(t), "", 1))
	must(t, p.Send(soon(t), []byte("a")))
	must(t, s.Disconnect(transport.Address{Endpoint: numeric}))
	must(t, p.Send(soon(t), []byte("b")))
	if diff := cmp.Diff([]string{"a", "b"}, receiveAll(t, s, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, s.Disconnect(transport.Address{Endpoint: named}))
	eventually(t, "the subscriber is gone", func() bool { return len(p.Subscriptions()) == 0 })
}

// TestComesBackFromGarbage: libzmq gives a peer up for good that does not speak ZMTP. We don't.
func TestComesBackFromGarbage(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){
		"http": func(c net.Conn) {
			c.Write([]byte("HTTP/1.0 400 Bad Request\r\n\r\n" + strings.Repeat("x", 100)))
			c.Close()
		},
		"closed": func(c net.Conn) { c.Close() },
		"greeting of a REP socket": func(c net.Conn) {
			c.Write(zmtpGreeting("NULL"))
			c.Write([]byte("\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03REP"))
		},
		"silent":          func(c net.Conn) { t.Cleanup(func() { c.Close() }) },
		"other mechanism": func(c net.Conn) { c.Write(zmtpGreeting("PLAIN")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, stop := garbage(t, serve)
			tr := newTransport(t, Options{})
			s, events := subscriberTo(t, tr, transport.SubscriberConfig{}, at)
			if e := expectEvents(t, events, transport.HandshakeFailed); e.Cause == "" || e.Peer.Endpoint != at {
				t.Errorf("event %+v: want a cause and %s", e, at)
			} else {
				t.Log(e.Cause)
			}
			stop()
			p, err := tr.Publisher(transport.PublisherConfig{Endpoint: at})
			must(t, err)
			must(t, p.WaitSubscribed(soon(t), "", 1))
			must(t, p.Send(soon(t), []byte("hello")))
			if got := receiveAll(t, s, 1); got[0] != "hello" {
				t.Errorf("got %q, want hello", got)
			}
		})
	}
}

// zmtpGreeting is the greeting of ZMTP 3.0.
func zmtpGreeting(mechanism string) []byte {
	g := make([]byte, 64)
	copy(g, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00"+mechanism)
	return g
}

// TestComesBackFromTooLong: a message above the limit ends a session of libzmq for good. We come back.
func TestComesBackFromTooLong(t *testing.T) {
	t.Parallel()
	pub, at := newPeers(t).bound(zmq4.XPUB)
	must(t, pub.SetXpubVerbose(1))
	cfg := transport.SubscriberConfig{SocketOptions: transport.SocketOptions{MaxMessage: 1000}}
	s, events := subscriberTo(t, newTransport(t, Options{}), cfg, at)
	subscribed := func() {
		t.Helper()
		for {
			b, err := pub.RecvBytes(0)
			must(t, err)
			if len(b) > 0 && b[0] == 1 {
				return
			}
		}
	}
	subscribed()
	expectEvents(t, events, transport.Connected)
	for _, m := range []string{"before", strings.Repeat("x", 1000)} {
		_, err := pub.Send(m, 0)
		must(t, err)
	}
	if got := receiveAll(t, s, 2); len(got[1]) != 1000 {
		t.Errorf("got a message of %d bytes, want 1000", len(got[1]))
	}
	_, err := pub.Send(strings.Repeat("x", 1001), 0)
	must(t, err)
	expectEvents(t, events, transport.Lost, transport.Connected)
	subscribed()
	_, err = pub.Send("after", 0)
	must(t, err)
	if got := receiveAll(t, s, 1); got[0] != "after" {
		t.Errorf("got %q, want after", got)
	}
}

// TestNothingIsLostWhenStalled: a program that takes its time gets all that libzmq and the network hold, in order.
func TestNothingIsLostWhenStalled(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), SocketOptions: transport.SocketOptions{Queue: 100_000}})
	must(t, err)
	cfg := transport.SubscriberConfig{MaxQueued: 100_000, SocketOptions: transport.SocketOptions{Queue: 10}}
	s, _ := subscriberTo(t, tr, cfg, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))
	const n = 20_000
	body := bytes.Repeat([]byte{'x'}, 1000)
	for i := range n {
		must(t, p.Send(soon(t), append(fmt.Appendf(nil, "%d ", i), body...)))
	}
	eventually(t, "the subscriber has stopped reading", func() bool { return s.Stats().Queued >= 80_000 })
	if got := s.Stats().Queued; got > 100_000+batchFrames*1100 {
		t.Errorf("%d bytes queued, bound is 100000 and a batch", got)
	}
	for i, m := range receiveAll(t, s, n) {
		if number, _, _ := strings.Cut(m, " "); number != fmt.Sprint(i) {
			t.Fatalf("got message %s, want %d", number, i)
		}
	}
}

// TestHeartbeatsSpareTheStalled: a subscriber that does not read for many heartbeats keeps its connections.
func TestHeartbeatsSpareTheStalled(t *testing.T) {
	t.Parallel()
	const heartbeat = 10 * time.Millisecond
	tr := newTransport(t, Options{Heartbeat: heartbeat})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), SocketOptions: transport.SocketOptions{Queue: 100_000}})
	must(t, err)
	cfg := transport.SubscriberConfig{MaxQueued: 1, SocketOptions: transport.SocketOptions{Queue: 10}}
	s, events := subscriberTo(t, tr, cfg, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))
	expectEvents(t, events, transport.Connected)
	const n = 2000
	for range n {
		must(t, p.Send(soon(t), make([]byte, 10_000)))
	}
	select {
	case e := <-events:
		t.Errorf("event %d: %s", e.Kind, e.Cause)
	case <-time.After(50 * heartbeat): // that nothing happens can't be waited for otherwise
	}
	receiveAll(t, s, n)
}

// TestDeadLinkTimeout: the kernel gives a connection up on which nothing is acknowledged.
func TestDeadLinkTimeout(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{Heartbeat: 15 * time.Second})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	s, events := subscriberTo(t, tr, transport.SubscriberConfig{}, p.Endpoint())
	expectEvents(t, events, transport.Connected)
	c := s.(*subscriber).connector
	c.mu.Lock()
	defer c.mu.Unlock()
	got, err := unix.GetsockoptInt(c.conns[p.Endpoint().String()].fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	if err != nil || got != 60_000 {
		t.Errorf("TCP_USER_TIMEOUT is %d ms, %v: want 60000", got, err)
	}
}

// TestDisconnectWhileStalled: what has arrived is still received when the inbox was full at that time.
func TestDisconnectWhileStalled(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "inproc://stalled")}) // no network in between: what is sent has arrived
	must(t, err)
	s, _ := subscriberTo(t, tr, transport.SubscriberConfig{MaxQueued: 1}, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))
	const n = 3 * batchFrames
	for i := range n {
		must(t, p.Send(soon(t), fmt.Append(nil, i)))
	}
	eventually(t, "something has arrived", func() bool { return s.Stats().Received > 0 })
	must(t, s.Disconnect(transport.Address{Endpoint: p.Endpoint()}))
	for i, m := range receiveAll(t, s, n) {
		if m != fmt.Sprint(i) {
			t.Fatalf("got message %s, want %d", m, i)
		}
	}
	eventually(t, "the subscriber is gone", func() bool { return len(p.Subscriptions()) == 0 })
}

// TestManyConnections: one subscriber, a thousand publishers.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	const n = 1000
	peers := newPeers(t)
	must(t, peers.ctx.SetMaxSockets(n+10))
	var at []transport.Endpoint
	var pubs []*zmq4.Socket
	for range n {
		p, e := peers.bound(zmq4.XPUB)
		pubs, at = append(pubs, p), append(at, e)
	}
	s, events := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{Attribute: true}, at...)
	connected := map[transport.Endpoint]bool{}
	for range n {
		connected[expectEvents(t, events, transport.Connected).Peer.Endpoint] = true
	}
	if len(connected) != n {
		t.Errorf("%d publishers are connected, want %d", len(connected), n)
	}
	for i, p := range pubs {
		if _, err := p.RecvBytes(0); err != nil {
			t.Fatal(err)
		}
		_, err := p.Send(at[i].String(), 0)
		must(t, err)
	}
	for got := 0; got < n; {
		frames, err := s.Receive(soon(t))
		must(t, err)
		for _, f := range frames {
			if string(f.Body) != f.From.String() {
				t.Errorf("message of %s is said to come from %s", f.Body, f.From)
			}
		}
		got += len(frames)
	}
	for _, e := range at[:n/2] {
		must(t, s.Disconnect(transport.Address{Endpoint: e}))
	}
}

func TestConnectRespectsFileLimit(t *testing.T) {
	t.Parallel()
	s, err := newTransport(t, Options{}).Subscriber(transport.SubscriberConfig{})
	must(t, err)
	c := s.(*subscriber).connector
	c.mu.Lock()
	for i := range int(fileLimit()) {
		c.links[endpoint(t, fmt.Sprintf("ipc://x%d", i))] = &link{}
	}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		clear(c.links)
		c.mu.Unlock()
	}()
	err = s.Connect(transport.Address{Endpoint: endpoint(t, "tcp://127.0.0.1:9")})
	if err == nil || !strings.Contains(err.Error(), "open files") {
		t.Errorf("got %v, want an error that names the limit of open files", err)
	}
}

func TestUnresolvableHost(t *testing.T) {
	t.Parallel()
	s, err := newTransport(t, Options{}).Subscriber(transport.SubscriberConfig{})
	must(t, err)
	a := transport.Address{Endpoint: endpoint(t, "tcp://no-such-host.invalid:9000")}
	must(t, s.Connect(a))
	must(t, s.Disconnect(a))
	must(t, s.Connect(a))
	must(t, s.Close())
}
