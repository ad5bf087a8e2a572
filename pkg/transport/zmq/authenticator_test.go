package zmq

import (
	"testing"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// gatedPublisher binds a plain one that asks the gate.
func gatedPublisher(t *testing.T, tr *Transport, gate transport.Gate) transport.Publisher {
	t.Helper()
	p, err := tr.Publisher(transport.PublisherConfig{
		Endpoint:      endpoint(t, "tcp://127.0.0.1:0"),
		Security:      transport.ServerSecurity{Gate: gate},
		SocketOptions: quick,
	})
	must(t, err)
	return p
}

// TestOnePublisherStops: of two secure publishers of a program one stops. Python posttroll stops the authenticator of both, and then everybody is
// let in.
func TestOnePublisherStops(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, alice, mallory := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", alice.Public)
	first, second := securePublisher(t, tr, server, gate), securePublisher(t, tr, server, gate)
	must(t, first.Close())
	stranger := peers.secureSub(mallory, server.Public, second.Endpoint())
	eventually(t, "the stranger is refused, and again", func() bool { return second.Stats().Access.Refused[transport.RefusedKey] >= 2 })
	friend := peers.secureSub(alice, server.Public, second.Endpoint())
	must(t, second.WaitSubscribed(soon(t), "", 1))
	must(t, second.Send(t.Context(), []byte("hello")))
	gets(t, friend, "hello")
	if m, err := stranger.Recv(zmq4.DONTWAIT); err == nil {
		t.Errorf("the stranger got %q", m)
	}
	if got := second.Stats().Access; got.Admitted != 1 {
		t.Errorf("got %+v, want one admitted", got)
	}
}

// TestAuthenticatorGone: with nobody to ask, nobody is let in, not even those who are admitted; libzmq alone would let in everybody.
func TestAuthenticatorGone(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, alice := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("alice", alice.Public)
	secure, plain := securePublisher(t, tr, server, gate), gatedPublisher(t, tr, gate)
	must(t, tr.auth.close(0))
	known := peers.secureSub(alice, server.Public, secure.Endpoint())
	unnamed := peers.connected(zmq4.SUB, plain.Endpoint())
	must(t, unnamed.SetSubscribe(""))
	for what, p := range map[string]transport.Publisher{"secure": secure, "plain": plain} {
		eventually(t, what+": nobody can be asked, and again", func() bool { return p.Stats().Access.Refused[transport.RefusedGate] >= 3 })
		must(t, p.Send(t.Context(), []byte("hello")))
		if got := p.Subscriptions(); len(got) != 0 || len(p.Clients()) != 0 {
			t.Errorf("%s: subscriptions are %v, want none", what, got)
		}
		if got := p.Stats().Access.Admitted; got != 0 {
			t.Errorf("%s: %d were admitted", what, got)
		}
	}
	for _, s := range []*zmq4.Socket{known, unnamed} {
		if m, err := s.Recv(zmq4.DONTWAIT); err == nil {
			t.Errorf("got %q, want nothing", m)
		}
	}
}

// TestAuthenticatorGarbage: what is no question gets status 500, or no answer, and the next question is answered.
func TestAuthenticatorGarbage(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate := transporttest.NewGate()
	p := gatedPublisher(t, tr, gate)
	asker, err := tr.ctx.NewSocket(zmq4.DEALER)
	must(t, err)
	defer func() { must(t, asker.Close()) }()
	must(t, asker.SetRcvtimeo(patience))
	must(t, asker.Connect(zapEndpoint))
	for _, tt := range []struct{ question, status []string }{
		{[]string{"no envelope"}, nil},
		{[]string{"no", "envelope", "either"}, nil},
		{[]string{""}, []string{"", "500"}},
		{[]string{"", "2.0", "7", "1", "127.0.0.1", "", "NULL"}, []string{"", "500"}},
		{[]string{"", "1.0", "7", "1", "127.0.0.1", "", "PLAIN", "a", "b"}, []string{"7", "500"}},
		{append([]string{"", "1.0", "7", "1", "127.0.0.1", "", "NULL"}, make([]string, 1000)...), []string{"7", "500"}},
		{[]string{"", "1.0", "7", "no such domain", "127.0.0.1", "", "NULL"}, []string{"7", "300"}},
		{[]string{"", "1.0", "7", "1", "127.0.0.1", "", "CURVE", string(make([]byte, 32))}, []string{"7", "300"}},
		{[]string{"", "1.0", "7", "1", "no address", "", "NULL"}, []string{"7", "300"}},
		{[]string{"", "1.0", "7", "1", "127.0.0.1", "", "NULL"}, []string{"7", "200"}},
	} {
		_, err := asker.SendMessage(tt.question)
		must(t, err)
		if tt.status == nil {
			continue
		}
		got, err := asker.RecvMessage(0)
		must(t, err)
		if len(got) != 7 || got[0] != "" || got[1] != zapVersion || got[2] != tt.status[0] || got[3] != tt.status[1] {
			t.Errorf("%.10q: got %q, want %q", tt.question, got, tt.status)
		}
	}
	sub := peers.connected(zmq4.SUB, p.Endpoint())
	must(t, sub.SetSubscribe(""))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	must(t, p.Send(t.Context(), []byte("hello")))
	gets(t, sub, "hello")
}

// TestReservedName: nobody takes the authenticator's place.
func TestReservedName(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	if _, err := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, zapEndpoint)}); err == nil {
		t.Errorf("bound %s", zapEndpoint)
	}
	if _, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, zapEndpoint)}); err == nil {
		t.Errorf("bound %s", zapEndpoint)
	}
}
