package zmq

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// short is a handshake interval that lets what is silent be seen soon.
const short = 500 * time.Millisecond

// TestFailures: what the program is told of each kind of failure, once; and how it comes back when the cause is gone.
func TestFailures(t *testing.T) {
	t.Parallel()
	server, other, client := newKeys(t), newKeys(t), newKeys(t)
	for _, tt := range []struct {
		name   string
		status string // of a secure peer; "-": the peer is plain
		to     func(transport.Endpoint) transport.Address
		want   transport.Failure
		cause  string
	}{
		{"wrong server key", "200", func(e transport.Endpoint) transport.Address { return secureAddress(e, other.Public) },
			transport.FailedServerKey, "closed by the peer on our first encrypted word: wrong server key?"},
		{"300", "300", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public) },
			transport.FailedSilent, "no answer: our key or address is not admitted, or the peer hangs"},
		{"no answer", "", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public) },
			transport.FailedSilent, "no answer: our key or address is not admitted, or the peer hangs"},
		{"400", "400", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public) },
			transport.FailedRefused, "refused by the peer with status 400: our key or address is not admitted"},
		{"500", "500", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public) },
			transport.FailedRefused, "refused by the peer with status 500: our key or address is not admitted"},
		{"300 and another key", "300", func(e transport.Endpoint) transport.Address { return secureAddress(e, other.Public, server.Public) },
			transport.FailedSilent, "no answer: our key or address is not admitted, or the peer hangs"},
		{"plain peer", "-", func(e transport.Endpoint) transport.Address { return secureAddress(e, server.Public) },
			transport.FailedMechanism, "one side is secure and the other plain"},
		{"we are plain", "200", func(e transport.Endpoint) transport.Address { return transport.Address{Endpoint: e} },
			transport.FailedMechanism, "one side is secure and the other plain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ps := newPeers(t)
			var at transport.Endpoint
			var g *gatekeeper
			if tt.status == "-" {
				_, at = ps.bound(zmq4.XPUB)
			} else {
				g = ps.gatekeeper(tt.status)
				_, at = ps.boundSecure(zmq4.XPUB, server)
			}
			cfg := transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: client, HandshakeInterval: short}}
			s, events := subscriberTo(t, newTransport(t, Options{}), cfg)
			to := tt.to(at)
			must(t, s.Connect(to))
			e := expectFailure(t, events, tt.want)
			if e.Cause != tt.cause || e.Peer != to.Normal() {
				t.Errorf("event of %v: cause %q, want %v: %q", e.Peer, e.Cause, to, tt.cause)
			}
			expectNothing(t, events, 4*short)
			if g == nil || tt.want == transport.FailedMechanism || tt.want == transport.FailedServerKey {
				return
			}
			begin := time.Now()
			g.answer("200")
			expectEvents(t, events, transport.Connected)
			if took := time.Since(begin); took > 2*short {
				t.Errorf("came back after %v, want %v and little more", took, short)
			}
		})
	}
}

// expectFailure waits for the news that handshakes fail, for that reason. Where a peer closes before it has said its mechanism a few times in a row,
// there is a wrong guess before.
func expectFailure(t *testing.T, events <-chan transport.Event, want transport.Failure) transport.Event {
	t.Helper()
	e := expectEvents(t, events, transport.HandshakeFailed)
	if want == transport.FailedMechanism && (e.Reason == transport.FailedServerKey || e.Reason == transport.FailedProtocol) {
		e = expectEvents(t, events, transport.HandshakeFailed)
	}
	if e.Reason != want {
		t.Fatalf("reason %q (%s), want %q", e.Reason, e.Cause, want)
	}
	return e
}

// expectNothing waits for d: that nothing happens can't be waited for otherwise.
func expectNothing(t *testing.T, events <-chan transport.Event, d time.Duration) {
	t.Helper()
	select {
	case e := <-events:
		t.Errorf("event %d of %v: %s %q", e.Kind, e.Peer, e.Reason, e.Cause)
	case <-time.After(d):
	}
}

// TestNotZeroMQ: what is said of those that are no ZeroMQ peer at all.
func TestNotZeroMQ(t *testing.T) {
	t.Parallel()
	client, server := newKeys(t), newKeys(t)
	for name, tt := range map[string]struct {
		serve         func(net.Conn)
		plain, secure transport.Failure
	}{
		"http": {func(c net.Conn) {
			c.Write([]byte("HTTP/1.0 400 Bad Request\r\n\r\n" + strings.Repeat("x", 100)))
			c.Close()
		}, transport.FailedProtocol, transport.FailedProtocol},
		"garbage": {func(c net.Conn) { c.Write([]byte("\xff" + strings.Repeat("\x80", 200))) }, transport.FailedProtocol, transport.FailedProtocol},
		"silence": {func(c net.Conn) { time.AfterFunc(5*time.Second, func() { c.Close() }) }, transport.FailedSilent, transport.FailedSilent},
		"closed":  {func(c net.Conn) { closeSoon(c) }, transport.FailedProtocol, transport.FailedProtocol},
		"closed after the signature": {func(c net.Conn) {
			c.Write(zmtpGreeting("NULL")[:11])
			closeSoon(c)
		}, transport.FailedMechanism, transport.FailedMechanism},
		"closed after the greeting": {func(c net.Conn) {
			c.Write(zmtpGreeting("CURVE"))
			closeSoon(c)
		}, transport.FailedMechanism, transport.FailedServerKey},
		"ssh": {func(c net.Conn) {
			c.Write([]byte("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"))
			closeSoon(c)
		}, transport.FailedProtocol, transport.FailedProtocol},
		"another mechanism": {func(c net.Conn) {
			c.Write(zmtpGreeting("PLAIN"))
			time.AfterFunc(time.Second, func() { c.Close() })
		}, transport.FailedMechanism, transport.FailedMechanism},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, _ := garbage(t, tt.serve)
			for _, a := range []transport.Address{{Endpoint: at}, secureAddress(at, server.Public)} {
				want := tt.plain
				if a.Backend == transport.Secure {
					want = tt.secure
				}
				cfg := transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: client, HandshakeInterval: short}}
				s, events := subscriberTo(t, newTransport(t, Options{}), cfg)
				must(t, s.Connect(a))
				if e := expectEvents(t, events, transport.HandshakeFailed); e.Reason != want {
					t.Errorf("%v: reason %q (%s), want %q", a, e.Reason, e.Cause, want)
				}
				must(t, s.Close())
			}
		})
	}
}

// TestNoDowngrade: who speaks an old ZMTP, which has no CURVE, is not listened to where we expect a secure peer.
func TestNoDowngrade(t *testing.T) {
	t.Parallel()
	const ready = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03"
	for name, tt := range map[string]struct {
		words  string
		await  int // bytes of the other side before the frames: a greeting and READY of a SUB socket
		frames string
	}{
		"ZMTP 1":         {"\x01\x00", 0, "\x06\x00hello"},
		"ZMTP 2":         {"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x01\x00\x00", 0, "\x00\x05hello"},
		"ZMTP 3 in NULL": {string(zmtpGreeting("NULL")) + ready + "PUB", 64 + len(ready) + 3, "\x00\x05hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, _ := garbage(t, func(c net.Conn) {
				t.Cleanup(func() { c.Close() })
				c.Write([]byte(tt.words))
				if _, err := io.ReadFull(c, make([]byte, tt.await)); err == nil {
					c.Write([]byte(strings.Repeat(tt.frames, 20)))
				}
			})
			tr := newTransport(t, Options{})
			plain, _ := subscriberTo(t, tr, transport.SubscriberConfig{}, at)
			receiveAll(t, plain, 20)
			cfg := transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: newKeys(t), HandshakeInterval: short}}
			s, events := subscriberTo(t, tr, cfg)
			must(t, s.Connect(secureAddress(at, newKeys(t).Public)))
			expectEvents(t, events, transport.HandshakeFailed)
			expectNothing(t, events, 3*short)
			if got := s.Stats(); got.Received+got.Multipart != 0 {
				t.Errorf("received %+v, want nothing", got)
			}
		})
	}
}

// TestRetriesSlowDown: a peer that refuses is not asked ten times a second.
func TestRetriesSlowDown(t *testing.T) {
	t.Parallel()
	accepted := make(chan time.Time, 100)
	at, _ := garbage(t, func(c net.Conn) { accepted <- time.Now(); c.Close() })
	s, _ := subscriberTo(t, newTransport(t, Options{}), transport.SubscriberConfig{}, at)
	first := <-accepted
	for n, least := 1, roundPause*3/4; n <= 5; n, least = n+1, 2*least+roundPause*3/4 {
		if took := (<-accepted).Sub(first); took < least {
			t.Errorf("attempt %d comes after %v, want %v at least", n, took, least)
		}
	}
	must(t, s.Close())
}

// TestNamedHost: where a name has two addresses, it stays at the one where somebody is, though he does not let us in.
func TestNamedHost(t *testing.T) {
	t.Parallel()
	ps := newPeers(t)
	g := ps.gatekeeper("300")
	server := newKeys(t)
	_, at := ps.boundSecure(zmq4.XPUB, server)
	cfg := transport.SubscriberConfig{SocketOptions: transport.SocketOptions{ClientKey: newKeys(t), HandshakeInterval: short}}
	s, events := subscriberTo(t, newTransport(t, Options{}), cfg)
	to := secureAddress(endpoint(t, fmt.Sprintf("tcp://localhost:%d", at.Port())), server.Public)
	must(t, s.Connect(to))
	if e := expectEvents(t, events, transport.HandshakeFailed); e.Reason != transport.FailedSilent || e.Peer != to {
		t.Errorf("reason %q of %v, want %q of %v", e.Reason, e.Peer, transport.FailedSilent, to)
	}
	expectNothing(t, events, 3*time.Second) // the other address would have its turn
	g.answer("200")
	begin := time.Now()
	expectEvents(t, events, transport.Connected)
	if took := time.Since(begin); took > 2*short {
		t.Errorf("came back after %v, want %v and little more", took, short)
	}
}

// closeSoon closes c when the other side has had time to look at it.
func closeSoon(c net.Conn) { time.AfterFunc(50*time.Millisecond, func() { c.Close() }) }
