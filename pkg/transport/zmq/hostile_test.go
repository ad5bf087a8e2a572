package zmq

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// curveGreeting is that of a CURVE client, and curveCommand a command of its handshake with a body that means nothing.
var curveGreeting = string(zmtpGreeting("CURVE"))

func curveCommand(name string, size int) string {
	body := string(rune(len(name))) + name + strings.Repeat("\xa5", size)
	return "\x04" + string([]byte{byte(len(body))}) + body
}

// TestHostileHandshakes: garbage at each point of the handshake, a thousand handshakes that stop halfway, ten thousand junk connections. Meanwhile others
// get in, are served, and revoked; and the log stays short.
func TestHostileHandshakes(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	tr, peers := newTransport(t, Options{Logger: zap.New(core)}), newPeers(t)
	gate, server, alice := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", alice.Public)
	p, err := tr.Publisher(transport.PublisherConfig{
		Endpoint: endpoint(t, "tcp://127.0.0.1:0"),
		Backend:  transport.Secure,
		Security: transport.ServerSecurity{Key: server, Gate: gate},
	})
	must(t, err)
	early := peers.secureSub(alice, server.Public, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))

	addr := strings.TrimPrefix(p.Endpoint().String(), "tcp://")
	const junk, halfOpen = 10_000, 1000
	halfway := []string{"", "\xff", curveGreeting[:11], curveGreeting, curveGreeting + "\x04\xc6\x05HELLO"}
	for i := range halfOpen {
		c, err := net.Dial("tcp", addr)
		must(t, err)
		t.Cleanup(func() { c.Close() })
		_, err = c.Write([]byte(halfway[i%len(halfway)]))
		must(t, err)
	}
	payloads := []string{
		"GET / HTTP/1.1\r\n\r\n",
		"\x01\x00",
		curveGreeting + "\x04\xc8\x05HELLO\x01\x00" + strings.Repeat("\x00", 72) + strings.Repeat("k", 32+8+80), // for no key that we have
		curveGreeting + curveCommand("HELLO", 194),
		curveGreeting + curveCommand("HELLO", 3),
		curveGreeting + curveCommand("INITIATE", 200),
		curveGreeting + curveCommand("READY", 0),
		curveGreeting + "\x06\xff\xff\xff\xff\xff\xff\xff\xff",
		curveGreeting + "\x00\x05hello",
		string(zmtpGreeting("NULL")) + curveCommand("READY", 20),
		string(zmtpGreeting("PLAIN")),
		strings.Repeat("\xff", 1000),
	}
	for i := range junk {
		c, err := net.Dial("tcp", addr)
		must(t, err)
		// The other side may have had enough before all is written.
		_, _ = c.Write([]byte(payloads[i%len(payloads)]))
		must(t, c.Close())
		if i%1000 == 999 {
			late := peers.secureSub(alice, server.Public, p.Endpoint())
			must(t, p.WaitSubscribed(soon(t), "", 2))
			must(t, p.Send(t.Context(), []byte("still here")))
			gets(t, late, "still here")
			gets(t, early, "still here")
			must(t, late.Close())
			eventually(t, "the late one has gone", func() bool { return len(p.Clients()) == 1 })
		}
	}
	eventually(t, "all junk is counted", func() bool {
		sum := uint64(0)
		for _, n := range p.Stats().Access.Refused {
			sum += n
		}
		return sum >= junk
	})
	access := p.Stats().Access
	if access.Refused[transport.RefusedServerKey] == 0 || access.Refused[transport.RefusedMechanism] == 0 || access.Refused[transport.RefusedProtocol] == 0 {
		t.Errorf("got %v, want refusals of all kinds", access.Refused)
	}
	if access.Admitted != 1+junk/1000 {
		t.Errorf("%d were admitted, want %d", access.Admitted, 1+junk/1000)
	}
	if logs.Len() > 10 {
		t.Errorf("%d lines in the log", logs.Len())
	}
	for _, l := range logs.All() {
		t.Log(l.Message, l.ContextMap())
	}
	gate.Revoke(alice.Public)
	eventually(t, "alice is cut", func() bool { return p.Stats().Access.Revoked == 1 && len(p.Clients()) == 0 })
	if m, err := early.Recv(zmq4.DONTWAIT); err == nil {
		t.Errorf("got %q, want nothing", m)
	}
}

// TestHandshakeTimeout: handshakes that stop halfway are given up in time, and counted as what they are.
func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	p, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{
		Endpoint:      endpoint(t, "tcp://127.0.0.1:0"),
		Backend:       transport.Secure,
		Security:      transport.ServerSecurity{Key: transporttest.NewKey(t), Gate: transporttest.NewGate()},
		SocketOptions: transport.SocketOptions{HandshakeInterval: time.Second},
	})
	must(t, err)
	for range 10 {
		greetAndWait(t, p.Endpoint(), "CURVE")
	}
	eventually(t, "all are counted", func() bool { return p.Stats().Access.Refused[transport.RefusedTimeout] == 10 })
}

// greetAndWait is greet, without waiting for the end.
func greetAndWait(t *testing.T, to transport.Endpoint, mechanism string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(to.String(), "tcp://"))
	must(t, err)
	t.Cleanup(func() { c.Close() })
	_, err = c.Write(zmtpGreeting(mechanism))
	must(t, err)
}
