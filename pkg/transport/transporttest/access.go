package transporttest

import (
	"fmt"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

func testWrongServerKey(_ *testing.T, s *site) {
	p := s.securePublisher(Any, s.server)
	wrong := secureAddress(p, s.other)
	sub, events := s.client(s.alice, wrong)
	s.expectFailure(events, transport.FailedServerKey, wrong)
	s.refused(accessOf(p), transport.RefusedServerKey, transport.RefusedProtocol)
	s.must(sub.Disconnect(wrong))
	s.must(sub.Connect(secureAddress(p, s.server)))
	s.sendAndExpect(p, sub, "with the right one")
}

// testOtherMechanism: one is plain, the other secure, until the publisher is what the subscriber takes it for.
func testOtherMechanism(_ *testing.T, s *site) {
	p := s.securePublisher(Any, s.server)
	sub, events := s.client(s.alice, address(p))
	s.expectFailure(events, transport.FailedMechanism, address(p))
	s.refused(accessOf(p), transport.RefusedMechanism, transport.RefusedProtocol)
	s.must(p.Close())
	p = s.publisher(p.Endpoint().String())
	s.sendAndExpect(p, sub, "plain")

	secure := secureAddress(p, s.server)
	sub, events = s.client(s.alice, secure)
	s.expectFailure(events, transport.FailedMechanism, secure)
	s.must(p.Close())
	p = s.securePublisher(p.Endpoint().String(), s.server)
	s.sendAndExpect(p, sub, "secure")
}

// testAdmittedLater: who was refused is back within the handshake interval after it is admitted.
func testAdmittedLater(t *testing.T, s *site) {
	p := s.securePublisher(Any, s.server)
	to := secureAddress(p, s.server)
	sub, events := s.client(s.bob, to)
	s.expectFailure(events, transport.FailedSilent, to)
	s.refused(accessOf(p), transport.RefusedKey)
	s.send(p, "not for bob")
	if got := p.Clients(); len(got) != 0 {
		t.Errorf("clients %v: want none", got)
	}
	s.gate.Admit("bob", s.bob.Public)
	s.expectEvent(events, transport.Connected, to)
	s.sendAndExpect(p, sub, "for bob")
	if got := accessOf(p)(); got.Admitted != 1 || got.ByClient["bob"] != 1 || got.Refused[transport.RefusedKey] == 0 {
		t.Errorf("access %+v: want bob refused and then admitted", got)
	}
}

// testRevoked: who is not admitted any more is cut off within a second, and nobody else.
func testRevoked(t *testing.T, s *site) {
	s.gate.Admit("bob", s.bob.Public)
	p := s.securePublisher(Any, s.server)
	to := secureAddress(p, s.server)
	alice, aliceEvents := s.client(s.alice, to)
	bob, events := s.client(s.bob, to)
	s.expectEvent(events, transport.Connected, to)
	s.expectEvent(aliceEvents, transport.Connected, to)
	s.must(p.WaitSubscribed(s.context(), "", 2))
	s.send(p, "for both")
	s.expect(alice, "for both")
	s.expect(bob, "for both")

	begin := time.Now()
	s.gate.Revoke(s.bob.Public)
	for i := 0; len(p.Clients()) > 1; i++ {
		var frames []string
		for j := range 200 {
			frames = append(frames, fmt.Sprintf("meanwhile %d.%d", i, j))
		}
		s.send(p, frames...)
		s.expect(alice, frames...) // all of them, whenever the other one is cut
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("cut off after %v, want a second at most", took)
	}
	s.send(p, "for alice")
	s.expect(alice, "for alice")
	s.expectEvent(events, transport.Lost, to)
	s.expectFailure(events, transport.FailedSilent, to)
	if got := accessOf(p)().Revoked; got != 1 {
		t.Errorf("%d connections revoked, want 1", got)
	}
	s.expectReturn(p, bob, events)
	select {
	case e := <-aliceEvents:
		t.Errorf("alice was told of event %d (%s), want none", e.Kind, e.Cause)
	default:
	}
}

// expectReturn admits bob again, who gets nothing that was sent while he was out.
func (s *site) expectReturn(p transport.Publisher, bob transport.Subscriber, events <-chan transport.Event) {
	s.t.Helper()
	s.gate.Admit("bob", s.bob.Public)
	s.expectEvent(events, transport.Connected, secureAddress(p, s.server))
	s.must(p.WaitSubscribed(s.context(), "", 2))
	s.send(p, "for both again")
	var got []string
	for len(got) == 0 || got[len(got)-1] != "for both again" {
		for _, f := range s.receive(bob, 1) {
			got = append(got, string(f.Body))
		}
	}
	for _, frame := range got {
		if frame == "for alice" {
			s.t.Error("bob received what was sent after he was cut off")
		}
	}
}

// testRefusedAddress holds for plain and secure sockets.
func testRefusedAddress(_ *testing.T, s *site) {
	plain, secure := s.gatedPublisher(), s.securePublisher(Any, s.server)
	s.gate.RefuseAddr(loopback, true)
	for _, c := range []struct {
		p  transport.Publisher
		to transport.Address
	}{{plain, address(plain)}, {secure, secureAddress(secure, s.server)}} {
		sub, events := s.client(s.alice, c.to)
		s.expectFailure(events, transport.FailedSilent, c.to)
		s.refused(accessOf(c.p), transport.RefusedAddress)
		s.send(c.p, "not for us")
		s.gate.RefuseAddr(loopback, false)
		s.expectEvent(events, transport.Connected, c.to)
		s.sendAndExpect(c.p, sub, "for us")
		s.gate.RefuseAddr(loopback, true)
		s.expectEvent(events, transport.Lost, c.to)
		s.must(sub.Close())
	}
}

// testUnreadableGate: nobody new comes in, and who is in stays.
func testUnreadableGate(_ *testing.T, s *site) {
	p := s.securePublisher(Any, s.server)
	to := secureAddress(p, s.server)
	first, firstEvents := s.client(s.alice, to)
	s.expectEvent(firstEvents, transport.Connected, to)
	s.must(p.WaitSubscribed(s.context(), "", 1))
	s.gate.SetUnreadable(true)
	second, events := s.client(s.alice, to)
	s.expectFailure(events, transport.FailedSilent, to)
	s.refused(accessOf(p), transport.RefusedGate)
	s.sendAndExpect(p, first, "still here")
	s.gate.SetUnreadable(false)
	s.expectEvent(events, transport.Connected, to)
	s.must(p.WaitSubscribed(s.context(), "", 2))
	s.send(p, "for both")
	s.expect(first, "for both")
	s.expect(second, "for both")
	if got := accessOf(p)().Revoked; got != 0 {
		s.t.Errorf("%d connections revoked, want none", got)
	}
}

func testSecureRequest(t *testing.T, s *site) {
	r := s.secureReplier()
	to := secureAddress(r, s.server)
	wait := s.background(func() {
		requests, err := r.Receive(s.context())
		if err != nil || len(requests) != 1 {
			t.Errorf("Receive: %d requests, %v", len(requests), err)
			return
		}
		q := requests[0]
		if string(q.Body) != "who?" || q.Parts != 1 || q.From != loopback || q.Identity != "alice" {
			t.Errorf("got %q in %d parts from %v, %q", q.Body, q.Parts, q.From, q.Identity)
		}
		if err := r.Reply(q, []byte("you")); err != nil {
			t.Errorf("Reply: %v", err)
		}
	})
	got, err := s.Request(s.context(), to, []byte("who?"), s.options(s.alice))
	if err != nil || string(got) != "you" {
		t.Errorf("got %q, %v, want you", got, err)
	}
	wait()
	s.admitted(r.Stats().Access, map[string]uint64{"alice": 1})
}

// testRefusedRequest: the error says why no answer came. Each of those who ask at once asks another replier: connections of one process to one place may
// take over each other's descriptors, and on loopback a transport may then put down to the one what became of the other.
func testRefusedRequest(_ *testing.T, s *site) {
	strange, other, secure, plain := s.secureReplier(), s.secureReplier(), s.secureReplier(), s.replier()
	var waits []func()
	for _, c := range []struct {
		to     transport.Address
		client curve.KeyPair
		reason transport.Failure
	}{
		{secureAddress(strange, s.server), s.bob, transport.FailedSilent},
		{secureAddress(other, s.other), s.alice, transport.FailedServerKey},
		{address(secure), curve.KeyPair{}, transport.FailedMechanism},
		{secureAddress(plain, s.server), s.alice, transport.FailedMechanism},
	} {
		waits = append(waits, s.background(func() { s.refusedRequest(c.to, c.client, c.reason) }))
	}
	for _, wait := range waits {
		wait()
	}
	s.refused(replierAccess(strange), transport.RefusedKey)
	s.refused(replierAccess(other), transport.RefusedServerKey, transport.RefusedProtocol)
	s.refused(replierAccess(secure), transport.RefusedMechanism, transport.RefusedProtocol)

	s.answer(secure)
	right := secureAddress(secure, s.server)
	_, err := s.Request(s.context(), right, []byte("x"), s.options(s.alice))
	s.must(err)
	s.gate.Revoke(s.alice.Public)
	s.refusedRequest(right, s.alice, transport.FailedSilent)
}

// testRequestAdmittedLater: a request waits until its client is admitted.
func testRequestAdmittedLater(t *testing.T, s *site) {
	r := s.secureReplier()
	s.answer(r)
	wait := s.background(func() {
		got, err := s.Request(s.context(), secureAddress(r, s.server), []byte("x"), s.options(s.bob))
		if err != nil || string(got) != "re: x" {
			t.Errorf("got %q, %v", got, err)
		}
	})
	s.refused(replierAccess(r), transport.RefusedKey)
	s.gate.Admit("bob", s.bob.Public)
	wait()
}
