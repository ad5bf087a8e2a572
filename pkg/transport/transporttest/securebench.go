package transporttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// interval is how long handshakes may take in these tests, unless they set another one: who is refused is back within that. A busy
// machine needs some time for one that succeeds.
const interval = 500 * time.Millisecond

// site is a bench with the keys of a small network.
type site struct {
	*bench
	interval      time.Duration
	gate          *Gate
	server, other curve.KeyPair // of servers
	alice, bob    curve.KeyPair // of clients; the gate admits alice
}

func newSite(b *bench) *site {
	s := &site{
		bench: b, interval: interval, gate: NewGate(), server: NewKey(b.t), other: NewKey(b.t), alice: NewKey(b.t), bob: NewKey(b.t),
	}
	s.gate.Admit("alice", s.alice.Public)
	return s
}

// secured makes a test of one with a site.
func secured(test func(*testing.T, *site)) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) { test(t, newSite(b)) }
}

func (s *site) options(client curve.KeyPair) transport.SocketOptions {
	return transport.SocketOptions{HandshakeInterval: s.interval, ClientKey: client}
}

// security is that of a server with this key.
func (s *site) security(server curve.KeyPair) transport.ServerSecurity {
	return transport.ServerSecurity{Key: server, Gate: s.gate}
}

func (s *site) securePublisher(at string, key curve.KeyPair) transport.Publisher {
	s.t.Helper()
	p, err := s.Publisher(transport.PublisherConfig{
		Endpoint: s.endpoint(at), Backend: transport.Secure, Security: s.security(key), SocketOptions: s.options(curve.KeyPair{}),
	})
	s.must(err)
	return p
}

// gatedPublisher is plain, and asks the gate.
func (s *site) gatedPublisher() transport.Publisher {
	s.t.Helper()
	p, err := s.Publisher(transport.PublisherConfig{
		Endpoint: s.endpoint(Any), Security: transport.ServerSecurity{Gate: s.gate}, SocketOptions: s.options(curve.KeyPair{}),
	})
	s.must(err)
	return p
}

func (s *site) secureReplier() transport.Replier {
	s.t.Helper()
	r, err := s.Replier(transport.ReplierConfig{
		Endpoint: s.endpoint(Any), Backend: transport.Secure, Security: s.security(s.server), SocketOptions: s.options(curve.KeyPair{}),
	})
	s.must(err)
	return r
}

// secureAddress is where p is, as one knows it who takes these keys for its own.
func secureAddress(p interface{ Endpoint() transport.Endpoint }, keys ...curve.KeyPair) transport.Address {
	var public []curve.PublicKey
	for _, k := range keys {
		public = append(public, k.Public)
	}
	return transport.Address{Endpoint: p.Endpoint(), Backend: transport.Secure, ServerKeys: curve.NewPublicKeys(public...)}
}

// client makes a subscriber to everything, with the key of client, that is told to connect and perhaps is not.
func (s *site) client(key curve.KeyPair, to ...transport.Address) (transport.Subscriber, <-chan transport.Event) {
	s.t.Helper()
	notify, ch := events()
	sub, err := s.Subscriber(transport.SubscriberConfig{Events: notify, SocketOptions: s.options(key)})
	s.must(err)
	s.must(sub.Subscribe(""))
	for _, a := range to {
		s.must(sub.Connect(a))
	}
	return sub, ch
}

// expectFailure waits for the next event, a handshake that failed for that reason.
func (s *site) expectFailure(ch <-chan transport.Event, reason transport.Failure, peer transport.Address) {
	s.t.Helper()
	e := s.nextEvent(ch)
	if e.Kind != transport.HandshakeFailed || e.Peer != peer.Normal() || e.Reason != reason || e.Cause == "" {
		s.t.Fatalf("got event %d of %v (%q: %s), want a handshake with %v that failed: %q", e.Kind, e.Peer, e.Reason, e.Cause, peer, reason)
	}
}

func (s *site) nextEvent(ch <-chan transport.Event) transport.Event {
	s.t.Helper()
	select {
	case e := <-ch:
		return e
	case <-s.context().Done():
		s.t.Fatal("no event")
	}
	return transport.Event{}
}

// sendAndExpect sends frames once somebody has subscribed, and waits for sub to get them and no others.
func (s *site) sendAndExpect(p transport.Publisher, sub transport.Subscriber, frames ...string) {
	s.t.Helper()
	s.must(p.WaitSubscribed(s.context(), "", 1))
	s.send(p, frames...)
	s.expect(sub, frames...)
}

// refused waits until a refusal is counted for one of the reasons.
func (s *site) refused(stats func() transport.AccessStats, reasons ...transport.Refusal) {
	s.t.Helper()
	s.eventually(fmt.Sprintf("refused: one of %q", reasons), func() bool {
		counted := stats().Refused
		return slices.ContainsFunc(reasons, func(r transport.Refusal) bool { return counted[r] > 0 })
	})
}

// refusedRequest asks until the handshake has failed for that reason.
func (s *site) refusedRequest(to transport.Address, client curve.KeyPair, reason transport.Failure) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*s.interval)
	defer cancel()
	answer, err := s.Request(ctx, to, []byte("x"), s.options(client))
	if !errors.Is(err, context.DeadlineExceeded) {
		s.t.Errorf("request to %s: got %q, %v, want %v", to, answer, err, context.DeadlineExceeded)
	}
	if failure, ok := errors.AsType[*transport.HandshakeError](err); !ok || failure.Reason != reason || failure.Cause == "" {
		s.t.Errorf("error %v: want a handshake that failed: %q", err, reason)
	}
}

// admitted checks that clients were admitted as often as that, and no others. (Whether some were refused before depends on how busy the
// machine is: their time may have been over.)
func (s *site) admitted(got transport.AccessStats, want map[string]uint64) {
	s.t.Helper()
	sum := uint64(0)
	for _, n := range want {
		sum += n
	}
	if diff := cmp.Diff(want, got.ByClient); diff != "" || got.Admitted != sum {
		s.t.Errorf("%d admitted, want %d; by client (-want +got):\n%s", got.Admitted, sum, diff)
	}
}

func accessOf(p transport.Publisher) func() transport.AccessStats {
	return func() transport.AccessStats { return p.Stats().Access }
}

func replierAccess(r transport.Replier) func() transport.AccessStats {
	return func() transport.AccessStats { return r.Stats().Access }
}
