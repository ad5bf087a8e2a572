package zmq

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// quick are the options of sockets whose refused clients come back soon.
var quick = transport.SocketOptions{HandshakeInterval: 500 * time.Millisecond}

// securePublisher binds one that knows these clients by these names.
func securePublisher(t *testing.T, tr *Transport, server curve.KeyPair, gate transport.Gate) transport.Publisher {
	t.Helper()
	p, err := tr.Publisher(transport.PublisherConfig{
		Endpoint:      endpoint(t, "tcp://127.0.0.1:0"),
		Backend:       transport.Secure,
		Security:      transport.ServerSecurity{Key: server, Gate: gate},
		SocketOptions: quick,
	})
	must(t, err)
	return p
}

// curved makes a raw socket a CURVE client.
func curved(t *testing.T, s *zmq4.Socket, client curve.KeyPair, server curve.PublicKey) *zmq4.Socket {
	t.Helper()
	must(t, setOption(rawSocket(s), optCurveServerKey, server[:]))
	must(t, setOption(rawSocket(s), optCurvePublicKey, client.Public[:]))
	must(t, setOption(rawSocket(s), optCurveSecretKey, client.Secret.Reveal()))
	return s
}

// secureSub subscribes to everything of a secure publisher.
func (p *peers) secureSub(client curve.KeyPair, server curve.PublicKey, to transport.Endpoint) *zmq4.Socket {
	p.t.Helper()
	s := curved(p.t, p.socket(zmq4.SUB), client, server)
	must(p.t, s.SetSubscribe(""))
	must(p.t, s.Connect(to.String()))
	return s
}

// gets checks that the next message is this.
func gets(t *testing.T, s *zmq4.Socket, want string) {
	t.Helper()
	if got, err := s.Recv(0); err != nil || got != want {
		t.Fatalf("got %q, %v: want %q", got, err, want)
	}
}

// greet connects and greets as a peer of that mechanism does, until the other side closes the connection.
func greet(t *testing.T, to transport.Endpoint, mechanism string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(to.String(), "tcp://"))
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = c.Write(zmtpGreeting(mechanism))
	must(t, err)
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is not closed")
	}
}

func TestSecurePublisher(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, alice, mallory := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", alice.Public)
	p := securePublisher(t, tr, server, gate)
	stranger := peers.secureSub(mallory, server.Public, p.Endpoint())
	wrong := peers.secureSub(alice, mallory.Public, p.Endpoint())
	plain := peers.connected(zmq4.SUB, p.Endpoint())
	must(t, plain.SetSubscribe(""))
	refused := func(why transport.Refusal) bool { return p.Stats().Access.Refused[why] > 0 }
	for _, why := range []transport.Refusal{transport.RefusedKey, transport.RefusedServerKey} {
		eventually(t, "somebody to be refused for "+string(why), func() bool { return refused(why) })
	}
	// Who comes once only, and whom the machine lets wait for longer than a handshake may take, is refused for that.
	eventually(t, "somebody to be refused for its mechanism", func() bool {
		greet(t, p.Endpoint(), "NULL")
		return refused(transport.RefusedMechanism)
	})
	friend := peers.secureSub(alice, server.Public, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))
	must(t, p.Send(t.Context(), []byte("hello")))
	gets(t, friend, "hello")

	got := p.Clients()
	if len(got) != 1 || !got[0].Addr.IsValid() {
		t.Fatalf("clients are %v, want one with an address", got)
	}
	got[0].Addr = netip.AddrPort{}
	if diff := cmp.Diff([]transport.Client{{Identity: "alice", Topics: 1}}, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	access := p.Stats().Access
	// On such a machine she may have had to come again.
	if access.Admitted == 0 || access.ByClient["alice"] != access.Admitted || len(access.ByClient) != 1 {
		t.Errorf("got %+v, want alice alone", access)
	}
	for name, s := range map[string]*zmq4.Socket{"a strange key": stranger, "a wrong server key": wrong, "a plain one": plain} {
		if m, err := s.Recv(zmq4.DONTWAIT); err == nil {
			t.Errorf("%s got %q", name, m)
		}
	}
	must(t, friend.Close())
	eventually(t, "alice has gone", func() bool { return len(p.Clients()) == 0 })
}

func TestSecureReplier(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, alice := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", alice.Public)
	r, err := tr.Replier(transport.ReplierConfig{
		Endpoint:      endpoint(t, "tcp://127.0.0.1:0"),
		Backend:       transport.Secure,
		Security:      transport.ServerSecurity{Key: server, Gate: gate},
		SocketOptions: quick,
	})
	must(t, err)
	serve(t, r)
	req := curved(t, peers.socket(zmq4.REQ), alice, server.Public)
	must(t, req.Connect(r.Endpoint().String()))
	for range 3 {
		_, err = req.Send("who am I?", 0)
		must(t, err)
		gets(t, req, "alice")
	}
	if got := r.Stats(); got.Access.ByClient["alice"] != 1 || got.Received != 3 {
		t.Errorf("got %+v, want three requests of alice, admitted once", got)
	}
}

// serve answers each request with the name of the client, until r is closed.
func serve(t *testing.T, r transport.Replier) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			requests, err := r.Receive(t.Context())
			if err != nil {
				return
			}
			for _, q := range requests {
				if err := r.Reply(q, []byte(q.Identity)); err != nil && err != transport.ErrClosed {
					t.Errorf("Reply: %v", err)
				}
			}
		}
	})
	t.Cleanup(func() { must(t, r.Close()); wg.Wait() })
}

// TestAdmittedLater: a client that was refused gets in within the handshake's time after its key was admitted, without doing anything.
func TestAdmittedLater(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, alice := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	p := securePublisher(t, tr, server, gate)
	sub := peers.secureSub(alice, server.Public, p.Endpoint())
	eventually(t, "alice is refused", func() bool { return p.Stats().Access.Refused[transport.RefusedKey] > 0 })
	gate.Admit("alice", alice.Public)
	begin := time.Now()
	got := make(chan string)
	go func() { // libzmq subscribes anew when the socket is used next
		m, err := sub.Recv(0)
		got <- fmt.Sprint(m, err)
	}()
	must(t, p.WaitSubscribed(soon(t), "", 1))
	if took := time.Since(begin); took > quick.HandshakeInterval+time.Second {
		t.Errorf("it took %v, want %v and the time to connect", took, quick.HandshakeInterval)
	}
	must(t, p.Send(t.Context(), []byte("hello")))
	if m := <-got; m != "hello<nil>" {
		t.Errorf("got %s, want hello", m)
	}
}

// TestRevoked: a client whose key is taken away loses its connection at once, and another one loses no message.
func TestRevoked(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, alice, bob := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", alice.Public)
	gate.Admit("bob", bob.Public)
	p := securePublisher(t, tr, server, gate)
	receiving := peers.secureSub(alice, server.Public, p.Endpoint())
	victim := peers.secureSub(bob, server.Public, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 2))
	const n = 900 // fits the queue
	for i := range n {
		if i == n/2 {
			gate.Revoke(bob.Public)
			begin := time.Now()
			eventually(t, "bob is cut", func() bool { return len(p.Clients()) == 1 })
			if took := time.Since(begin); took > time.Second {
				t.Errorf("it took %v to cut bob, want a second at most", took)
			}
			eventually(t, "bob's topics have gone", func() bool { return cmp.Equal(p.Subscriptions(), []transport.Subscription{{Count: 1}}) })
		}
		must(t, p.Send(t.Context(), []byte("message")))
	}
	for range n {
		gets(t, receiving, "message")
	}
	must(t, victim.SetRcvtimeo(0))
	got := 0
	for {
		if _, err := victim.Recv(0); err != nil {
			break
		}
		got++
	}
	if got > n/2 {
		t.Errorf("bob got %d messages, want %d at most", got, n/2)
	}
	if access := p.Stats().Access; access.Revoked != 1 {
		t.Errorf("got %+v, want 1 revoked", access)
	}
}

// TestRevokedMidway: what is under way from a client when its key is taken away is not taken any more, whether it has said something before or not.
func TestRevokedMidway(t *testing.T) {
	t.Parallel()
	for name, spoke := range map[string]bool{"known": true, "new": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, peers := newTransport(t, Options{}), newPeers(t)
			gate, server, alice, bob := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t), transporttest.NewKey(t)
			gate.Admit("alice", alice.Public).Admit("bob", bob.Public)
			r, err := tr.Replier(transport.ReplierConfig{
				Endpoint:      endpoint(t, "tcp://127.0.0.1:0"),
				Backend:       transport.Secure,
				Security:      transport.ServerSecurity{Key: server, Gate: gate},
				SocketOptions: quick,
			})
			must(t, err)
			serve(t, r)
			bobs := curved(t, peers.socket(zmq4.DEALER), bob, server.Public)
			must(t, bobs.Connect(r.Endpoint().String()))
			eventually(t, "bob is in", func() bool { return r.Stats().Access.ByClient["bob"] == 1 })
			before := uint64(0)
			if spoke {
				before = 1
				_, err := bobs.SendMessage("", "I am bob")
				must(t, err)
				_, err = bobs.RecvMessage(0)
				must(t, err)
			}
			rep := r.(*replier)
			rep.mu.Lock() // the reader waits
			for range 10 {
				_, err := bobs.SendMessage("", "under way")
				must(t, err)
			}
			eventually(t, "something has arrived", func() bool { return readable(t, rep.zs) })
			gate.Revoke(bob.Public)
			rep.mu.Unlock()
			eventually(t, "bob is cut", func() bool { return r.Stats().Access.Revoked == 1 })
			req := curved(t, peers.socket(zmq4.REQ), alice, server.Public)
			must(t, req.Connect(r.Endpoint().String()))
			_, err = req.Send("who?", 0)
			must(t, err)
			gets(t, req, "alice")
			if got := r.Stats(); got.Received != before+1 || got.Access.Revoked != 1 {
				t.Errorf("got %+v, want %d requests and one cut", got, before+1)
			}
		})
	}
}

// readable tells whether s has something to receive.
func readable(t *testing.T, s *zmq4.Socket) bool {
	t.Helper()
	state, err := s.GetEvents()
	must(t, err)
	return state&zmq4.POLLIN != 0
}

// TestSilentClients: one that has said nothing yet is cut too when its key is taken away, and not when another host's is.
func TestSilentClients(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, bob := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("bob", bob.Public)
	p := securePublisher(t, tr, server, gate)
	sub := curved(t, peers.socket(zmq4.SUB), bob, server.Public)
	must(t, sub.Connect(p.Endpoint().String()))
	eventually(t, "bob is in", func() bool { return p.Stats().Access.Admitted == 1 })
	gate.RefuseAddr(netip.MustParseAddr("192.0.2.1"), true)
	gate.Admit("carol", transporttest.NewKey(t).Public)
	if got := p.Stats().Access.Revoked; got != 0 {
		t.Errorf("%d connections cut, want none", got)
	}
	gate.Revoke(bob.Public)
	eventually(t, "bob is cut and refused", func() bool {
		access := p.Stats().Access
		return access.Revoked == 1 && access.Refused[transport.RefusedKey] > 0
	})
}

// TestSilentClientAmongJunk: one that has said nothing is cut when its key is taken away, whatever else has come from the same host meanwhile.
func TestSilentClientAmongJunk(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, bob := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("bob", bob.Public)
	p := securePublisher(t, tr, server, gate)
	sub := curved(t, peers.socket(zmq4.SUB), bob, server.Public)
	must(t, sub.Connect(p.Endpoint().String()))
	eventually(t, "bob is in", func() bool { return p.Stats().Access.Admitted == 1 })
	for range 3 {
		c := dialRaw(t, p.Endpoint())
		_, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		must(t, err)
		_, _ = io.Copy(io.Discard, c) // until it is closed, in whatever way
	}
	pub := p.(*publisher)
	eventually(t, "the junk has gone", func() bool {
		pub.mu.Lock()
		defer pub.mu.Unlock()
		pub.guard.readEvents()
		return len(pub.guard.conns.byFD) == 1
	})
	gate.Revoke(bob.Public)
	eventually(t, "bob is cut, and comes in vain", func() bool { return p.Stats().Access.Refused[transport.RefusedKey] > 0 })
}

// TestRefusedIsNoOther: one whose end is read late is not taken for another host whose connection has got its descriptor meanwhile.
func TestRefusedIsNoOther(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	tr := newTransport(t, Options{Logger: zap.New(core)})
	p := securePublisher(t, tr, transporttest.NewKey(t), transporttest.NewGate())
	other, err := net.Listen("tcp", "127.0.0.77:0")
	must(t, err)
	defer other.Close()

	pub := p.(*publisher)
	pub.mu.Lock() // nobody reads what the monitor tells
	junk := dialRaw(t, p.Endpoint())
	_, err = junk.Write([]byte("\x01\x00" + strings.Repeat("x", 100)))
	must(t, err)
	_, _ = io.Copy(io.Discard, junk) // until it is closed, in whatever way
	for range 100 {
		c, err := net.Dial("tcp", other.Addr().String())
		must(t, err)
		defer c.Close()
	}
	pub.mu.Unlock()

	eventually(t, "the refusal is told", func() bool { return logs.FilterFieldKey("peer").Len() > 0 })
	for _, e := range logs.All() {
		if peer := e.ContextMap()["peer"]; peer == "127.0.0.77" {
			t.Errorf("%q is said of %v, which has not been there", e.Message, peer)
		}
	}
}

// TestKeyReplaced: a name that stands for another key now does not keep those connected who have the old one.
func TestKeyReplaced(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, before, after := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", before.Public)
	p := securePublisher(t, tr, server, gate)
	peers.secureSub(before, server.Public, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))
	gate.Admit("alice", after.Public)
	gate.Revoke(before.Public)
	eventually(t, "the old key is out", func() bool { return p.Stats().Access.Revoked == 1 && len(p.Subscriptions()) == 0 })
	sub := peers.secureSub(after, server.Public, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))
	must(t, p.Send(t.Context(), []byte("hello")))
	gets(t, sub, "hello")
	if got := p.Clients(); len(got) != 1 || got[0].Identity != "alice" {
		t.Errorf("clients are %v, want alice", got)
	}
}

// askedGate admits all and remembers who they were.
type askedGate struct {
	mu    sync.Mutex
	asked []transport.Caller
}

func (g *askedGate) Judge(c transport.Caller) transport.Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, c)
	return transport.Verdict{Admitted: true}
}

func (g *askedGate) Watch(func()) (stop func()) { return func() {} }

// TestCallers: what the gate of a plain socket is asked about each kind of client.
func TestCallers(t *testing.T) {
	t.Parallel()
	for bind, tt := range map[string]struct {
		via  func(transport.Endpoint) string
		want netip.Addr
	}{
		"tcp://127.0.0.1:0": {transport.Endpoint.String, netip.MustParseAddr("127.0.0.1")},
		"tcp://*:0":         {func(e transport.Endpoint) string { return fmt.Sprintf("tcp://127.0.0.1:%d", e.Port()) }, netip.MustParseAddr("127.0.0.1")},
		"tcp://[::1]:0":     {transport.Endpoint.String, netip.MustParseAddr("::1")},
		"ipc://*":           {transport.Endpoint.String, netip.Addr{}},
	} {
		if strings.Contains(bind, "::1") && !hasIPv6() {
			continue // a kernel without IPv6 has no such case
		}
		t.Run(bind, func(t *testing.T) {
			t.Parallel()
			gate := &askedGate{}
			p, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{
				Endpoint: endpoint(t, bind), Security: transport.ServerSecurity{Gate: gate},
			})
			must(t, err)
			sub := newPeers(t).socket(zmq4.SUB)
			must(t, sub.SetIpv6(true))
			must(t, sub.SetSubscribe(""))
			must(t, sub.Connect(tt.via(p.Endpoint())))
			must(t, p.WaitSubscribed(soon(t), "", 1))
			gate.mu.Lock()
			defer gate.mu.Unlock()
			for _, c := range gate.asked {
				if c != (transport.Caller{Addr: tt.want}) {
					t.Errorf("asked about %+v, want %v without a key", c, tt.want)
				}
			}
			if len(gate.asked) == 0 {
				t.Error("nobody asked the gate")
			}
		})
	}
}

// TestSecureClientOfGatedPlain: a plain socket with a gate tells who came with another mechanism.
func TestSecureClientOfGatedPlain(t *testing.T) {
	t.Parallel()
	p := gatedPublisher(t, newTransport(t, Options{}), &askedGate{})
	greet(t, p.Endpoint(), "CURVE")
	eventually(t, "it is counted", func() bool { return p.Stats().Access.Refused[transport.RefusedMechanism] == 1 })
}

// TestRenamed: a key that has another name now keeps its connection, under that name.
func TestRenamed(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, alice := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", alice.Public)
	p := securePublisher(t, tr, server, gate)
	peers.secureSub(alice, server.Public, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))
	gate.Admit("alice-2", alice.Public)
	eventually(t, "the new name", func() bool { got := p.Clients(); return len(got) == 1 && got[0].Identity == "alice-2" })
	if got := p.Stats().Access; got.Revoked != 0 || got.Admitted != 1 {
		t.Errorf("got %+v, want one admitted and none cut", got)
	}
}

// TestBlindGate: who was let in has a name, though the gate can't tell any more when the first message comes.
func TestBlindGate(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, alice := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", alice.Public)
	p := securePublisher(t, tr, server, gate)
	sub := curved(t, peers.socket(zmq4.SUB), alice, server.Public)
	must(t, sub.Connect(p.Endpoint().String()))
	eventually(t, "alice is in", func() bool { return p.Stats().Access.Admitted == 1 })
	gate.SetUnreadable(true)
	must(t, sub.SetSubscribe(""))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	if got := p.Clients(); len(got) != 1 || got[0].Identity != "alice" {
		t.Errorf("clients are %v, want alice", got)
	}
}
