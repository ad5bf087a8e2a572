package transporttest

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// testNoKeys: what is missing is an error at once.
func testNoKeys(t *testing.T, s *site) {
	at := s.endpoint(Any)
	for name, security := range map[string]transport.ServerSecurity{
		"nothing": {}, "no gate": {Key: s.server}, "no key": {Gate: s.gate},
		"no secret key": {Key: curve.KeyPair{Public: s.server.Public}, Gate: s.gate},
	} {
		_, pubErr := s.Publisher(transport.PublisherConfig{Endpoint: at, Backend: transport.Secure, Security: security})
		_, repErr := s.Replier(transport.ReplierConfig{Endpoint: at, Backend: transport.Secure, Security: security})
		if !errors.Is(pubErr, transport.ErrNoKeys) || !errors.Is(repErr, transport.ErrNoKeys) {
			t.Errorf("bind with %s: got %v and %v, want %v", name, pubErr, repErr, transport.ErrNoKeys)
		}
	}
	known := transport.Address{
		Endpoint: s.endpoint("tcp://127.0.0.1:9"), Backend: transport.Secure, ServerKeys: curve.NewPublicKeys(s.server.Public),
	}
	unknown := known
	unknown.ServerKeys = curve.PublicKeys{}
	for name, c := range map[string]struct {
		to     transport.Address
		client curve.KeyPair
	}{
		"no server key": {unknown, s.alice}, "no client key": {known, curve.KeyPair{}},
		"no secret key": {known, curve.KeyPair{Public: s.alice.Public}},
	} {
		sub, _ := s.client(c.client)
		_, reqErr := s.Request(t.Context(), c.to, nil, s.options(c.client))
		_, pullErr := s.Puller(transport.PullerConfig{Address: c.to, SocketOptions: s.options(c.client)})
		for what, err := range map[string]error{"Connect": sub.Connect(c.to), "Request": reqErr, "Puller": pullErr} {
			if !errors.Is(err, transport.ErrNoKeys) {
				t.Errorf("%s with %s: got %v, want %v", what, name, err, transport.ErrNoKeys)
			}
		}
	}
}

// testInprocIsPlain, whatever the backend.
func testInprocIsPlain(_ *testing.T, s *site) {
	p, err := s.Publisher(transport.PublisherConfig{Endpoint: s.endpoint("inproc://x"), Backend: transport.Secure})
	s.must(err)
	s.gate.SetUnreadable(true)
	r, err := s.Replier(transport.ReplierConfig{Endpoint: s.endpoint("inproc://y"), Security: s.security(s.server)})
	s.must(err)
	s.answer(r)
	sub, _ := s.client(curve.KeyPair{}, secureAddress(p))
	s.sendAndExpect(p, sub, "hello")
	_, err = s.Request(s.context(), secureAddress(r), []byte("x"), transport.SocketOptions{})
	s.must(err)
}

func testSecurePubSub(_ *testing.T, s *site) {
	p := s.securePublisher(Any, s.server)
	sub, events := s.client(s.alice, secureAddress(p, s.server))
	s.expectEvent(events, transport.Connected, secureAddress(p, s.server))
	var frames []string
	for i := range 500 {
		frames = append(frames, fmt.Sprintf("message %d", i))
	}
	frames = append(frames, "", string([]byte{0, 1, 255}), string(make([]byte, 1<<20)))
	s.sendAndExpect(p, sub, frames...)
	s.admitted(p.Stats().Access, map[string]uint64{"alice": 1})
}

func testClients(t *testing.T, s *site) {
	s.gate.Admit("bob", s.bob.Public)
	p, plain := s.securePublisher(Any, s.server), s.gatedPublisher()
	if got := p.Clients(); len(got) != 0 {
		t.Errorf("clients of a new publisher: %v", got)
	}
	to := secureAddress(p, s.server)
	s.client(s.bob, to)
	alice, _ := s.client(s.alice, to, address(plain))
	s.must(alice.Subscribe("more"))
	want := []transport.Client{{Identity: "alice", Topics: 2}, {Identity: "bob", Topics: 1}}
	s.expectClients(p, want)
	s.expectClients(plain, []transport.Client{{Topics: 2}})
	s.must(alice.Unsubscribe("more"))
	want[0].Topics = 1
	s.expectClients(p, want)
	s.must(alice.Close())
	s.expectClients(p, want[1:])
	s.expectClients(plain, nil)
}

// expectClients waits until p has these clients, all of them on this host.
func (s *site) expectClients(p transport.Publisher, want []transport.Client) {
	s.t.Helper()
	var got []transport.Client
	s.eventually(fmt.Sprintf("clients %v", want), func() bool {
		got = p.Clients()
		return cmp.Equal(want, got, cmpopts.IgnoreFields(transport.Client{}, "Addr"), cmpopts.EquateEmpty())
	})
	ports := make(map[uint16]bool)
	for _, c := range got {
		if c.Addr.Addr() != loopback || c.Addr.Port() == 0 || ports[c.Addr.Port()] {
			s.t.Errorf("client %+v: want a port of its own at %s", c, loopback)
		}
		ports[c.Addr.Port()] = true
	}
}

func testPlainAndSecure(_ *testing.T, s *site) {
	plain := s.publisher(Any)
	one, two := s.securePublisher(Any, s.server), s.securePublisher(Any, s.other)
	sub, _ := s.client(s.alice, secureAddress(one, s.server), address(plain), secureAddress(two, s.other))
	for range 2 {
		for _, p := range []transport.Publisher{one, plain, two} {
			s.sendAndExpect(p, sub, "from "+p.Endpoint().String())
		}
	}
}

// testServerKeysInTurn: of several keys that a server may have one fits, and later another.
func testServerKeysInTurn(_ *testing.T, s *site) {
	p := s.securePublisher(Any, s.other)
	sub, _ := s.client(s.alice, secureAddress(p, s.server, s.other))
	s.sendAndExpect(p, sub, "the second key")
	s.must(p.Close())
	p = s.securePublisher(p.Endpoint().String(), s.server)
	s.sendAndExpect(p, sub, "the first key")
	r := s.secureReplier()
	s.answer(r)
	_, err := s.Request(s.context(), secureAddress(r, s.other, s.server), []byte("x"), s.options(s.alice))
	s.must(err)
}

// testPublisherMoves from plain to secure at the same place, and back.
func testPublisherMoves(t *testing.T, s *site) {
	p := s.publisher(Any)
	plain, secure := address(p), secureAddress(p, s.server)
	sub, _ := s.client(s.alice, plain)
	s.sendAndExpect(p, sub, "plain")
	if err := sub.Connect(secure); err == nil {
		t.Error("connected to one place in two ways: want an error")
	}
	s.must(p.Close())
	s.must(sub.Disconnect(plain))
	p = s.securePublisher(p.Endpoint().String(), s.server)
	s.must(sub.Connect(secure))
	s.sendAndExpect(p, sub, "secure")
	s.must(p.Close())
	s.must(sub.Disconnect(secure))
	p = s.publisher(p.Endpoint().String())
	s.must(sub.Connect(plain))
	s.sendAndExpect(p, sub, "plain again")
}

// testIndependentPublishers: of two secure publishers in one program one stops. The other one still lets in who is admitted, and
// nobody else. (Python posttroll stops the authenticator of both, and then everybody is admitted.)
func testIndependentPublishers(_ *testing.T, s *site) {
	first, second := s.securePublisher(Any, s.server), s.securePublisher(Any, s.other)
	to := secureAddress(second, s.other)
	alice, _ := s.client(s.alice, to)
	s.sendAndExpect(second, alice, "both are there")
	s.must(first.Close())
	s.sendAndExpect(second, alice, "one is there")
	strange, events := s.client(s.bob, to)
	s.expectFailure(events, transport.FailedSilent, to)
	late, _ := s.client(s.alice, to)
	s.must(second.WaitSubscribed(s.context(), "", 2))
	s.send(second, "not for strangers")
	s.expect(alice, "not for strangers")
	s.expect(late, "not for strangers")
	s.gate.Admit("bob", s.bob.Public)
	s.must(second.WaitSubscribed(s.context(), "", 3))
	s.send(second, "for bob too")
	s.expect(strange, "for bob too")
}
