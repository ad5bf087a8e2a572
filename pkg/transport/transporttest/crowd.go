package transporttest

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// testManyRevoked: of many clients every other one loses its key at once.
func testManyRevoked(t *testing.T, s *site) {
	const n = 30
	s.interval = 5 * time.Second // so many handshakes at once take their time
	p := s.securePublisher(Any, s.server)
	to := secureAddress(p, s.server)
	var keys [n]curve.KeyPair
	var subs [n]transport.Subscriber
	var events [n]<-chan transport.Event
	for i := range n {
		keys[i] = NewKey(t)
		s.gate.Admit(fmt.Sprintf("client%02d", i), keys[i].Public)
		subs[i], events[i] = s.client(keys[i], to)
	}
	s.must(p.WaitSubscribed(s.context(), "", n))
	var want []string
	for i := range n {
		s.expectEvent(events[i], transport.Connected, to)
		if i%2 == 0 {
			want = append(want, fmt.Sprintf("client%02d", i))
		} else {
			s.gate.Revoke(keys[i].Public)
		}
	}
	begin := time.Now()
	for i := 1; i < n; i += 2 {
		s.expectEvent(events[i], transport.Lost, to)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("cut off after %v, want a second at most", took)
	}
	s.eventually("the publisher knows", func() bool { return len(p.Clients()) <= n/2 })
	var got []string
	for _, c := range p.Clients() {
		got = append(got, c.Identity)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	s.send(p, "for those who stayed")
	for i := 0; i < n; i += 2 {
		s.expect(subs[i], "for those who stayed")
		if len(events[i]) != 0 {
			t.Errorf("client %d: %+v", i, <-events[i])
		}
	}
	if got := accessOf(p)(); got.Admitted != n || got.Revoked != n/2 {
		t.Errorf("access %+v: want %d admitted and %d revoked", got, n, n/2)
	}
}

// testSecureIPC: a client without an address.
func testSecureIPC(t *testing.T, s *site) {
	folder, err := os.MkdirTemp("", "ipc") // t.TempDir() may be too long for an ipc endpoint
	s.must(err)
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	at := "ipc://" + filepath.Join(folder, "pub")
	p := s.securePublisher(at, s.server)
	to := secureAddress(p, s.server)
	sub, events := s.client(s.alice, to)
	s.expectEvent(events, transport.Connected, to)
	s.sendAndExpect(p, sub, "hello")
	want := []transport.Client{{Identity: "alice", Topics: 1}}
	if diff := cmp.Diff(want, p.Clients(), cmp.Comparer(func(x, y netip.AddrPort) bool { return x == y })); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	s.gate.RefuseAddr(netip.Addr{}, true)
	s.expectEvent(events, transport.Lost, to)
	s.expectFailure(events, transport.FailedSilent, to)
	s.gate.RefuseAddr(netip.Addr{}, false)
	s.expectEvent(events, transport.Connected, to)
	s.sendAndExpect(p, sub, "hello again")
}

// testCloseWhileRefused: what waits to be admitted does not hold up the end, nor does a gate that changes all the time.
func testCloseWhileRefused(t *testing.T, s *site) {
	p, r := s.securePublisher(Any, s.server), s.secureReplier()
	to := secureAddress(p, s.server)
	_, events := s.client(s.bob, to)
	waitRequest := s.background(func() {
		if _, err := s.Request(s.context(), secureAddress(r, s.server), []byte("x"), s.options(s.bob)); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("Request: got %v, want %v", err, transport.ErrClosed)
		}
	})
	s.expectFailure(events, transport.FailedSilent, to)
	s.refused(replierAccess(r), transport.RefusedKey)
	closed := make(chan struct{})
	waitGate := s.background(func() {
		for {
			select {
			case <-closed:
				return
			default:
				s.gate.Admit("bob", s.bob.Public)
				s.gate.Revoke(s.bob.Public)
			}
		}
	})
	s.must(p.Close())
	s.must(s.Close())
	close(closed)
	waitGate()
	waitRequest()
	if _, err := s.Publisher(transport.PublisherConfig{
		Endpoint: s.endpoint(Any), Backend: transport.Secure, Security: s.security(s.server),
	}); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Publisher after Close: got %v, want %v", err, transport.ErrClosed)
	}
}
