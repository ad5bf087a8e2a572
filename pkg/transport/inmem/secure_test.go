package inmem_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// keys are those of a server, and of a client that the gate admits.
type keys struct {
	server, client curve.KeyPair
	gate           *transporttest.Gate
}

func newKeys(t *testing.T) keys {
	t.Helper()
	k := keys{transporttest.NewKey(t), transporttest.NewKey(t), transporttest.NewGate()}
	k.gate.Admit("alice", k.client.Public)
	return k
}

func (k keys) security() transport.ServerSecurity {
	return transport.ServerSecurity{Key: k.server, Gate: k.gate}
}

func (k keys) publisher(t *testing.T, on *inmem.Transport, at string) *inmem.Publisher {
	t.Helper()
	p, err := on.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, at), Backend: transport.Secure, Security: k.security()})
	must(t, err)
	return p.(*inmem.Publisher)
}

func (k keys) replier(t *testing.T, on *inmem.Transport, at string) transport.Replier {
	t.Helper()
	r, err := on.Replier(transport.ReplierConfig{Endpoint: endpoint(t, at), Backend: transport.Secure, Security: k.security()})
	must(t, err)
	return r
}

func (k keys) address(t *testing.T, at string) transport.Address {
	t.Helper()
	return transport.Address{Endpoint: endpoint(t, at), Backend: transport.Secure, ServerKeys: curve.NewPublicKeys(k.server.Public)}
}

func (k keys) options() transport.SocketOptions { return transport.SocketOptions{ClientKey: k.client} }

// subscriber makes one that notes its events.
func (k keys) subscriber(t *testing.T, on *inmem.Transport, at string) (transport.Subscriber, *journal) {
	t.Helper()
	j := new(journal)
	s := subscriber(t, on, transport.SubscriberConfig{SocketOptions: k.options(), Events: j.note})
	must(t, s.Connect(k.address(t, at)))
	return s, j
}

// journal notes events.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(e transport.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kind := map[transport.EventKind]string{transport.Connected: "connected", transport.Lost: "lost", transport.HandshakeFailed: "failed"}
	j.lines = append(j.lines, fmt.Sprint(kind[e.Kind], " ", e.Reason))
}

// expect waits until nothing happens any more and compares the events since.
func (j *journal) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	if diff := cmp.Diff(want, j.lines, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	j.lines = nil
}

// TestEventsOfRefusals: one for each change, whatever else is bound, cut or admitted meanwhile.
func TestEventsOfRefusals(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, a, b := hosts(t)
		k := newKeys(t)
		k.gate.Revoke(k.client.Public)
		p := k.publisher(t, a, "tcp://*:9000")
		s, events := k.subscriber(t, b, "tcp://10.0.0.1:9000")
		events.expect(t, "failed silent")
		publisher(t, a, "tcp://*:9001") // waiting connections are tried again
		k.gate.RefuseAddr(addrB, true)
		events.expect(t)
		want := transport.AccessStats{Refused: map[transport.Refusal]uint64{transport.RefusedKey: 1, transport.RefusedAddress: 1}}
		if diff := cmp.Diff(want, p.Stats().Access); diff != "" {
			t.Errorf("access (-want +got):\n%s", diff)
		}
		k.gate.Admit("alice", k.client.Public)
		k.gate.RefuseAddr(addrB, false)
		events.expect(t, "connected ")
		n.Cut(addrB)
		k.gate.Revoke(k.client.Public)
		events.expect(t, "lost ")
		n.Heal(addrB)
		events.expect(t, "failed silent")
		must(t, p.Close())
		publisher(t, a, "tcp://*:9000")
		events.expect(t, "failed mechanism")
		must(t, s.Disconnect(address(t, "tcp://10.0.0.1:9000"))) // whatever the backend
		must(t, s.Connect(address(t, "tcp://10.0.0.1:9000")))
		events.expect(t, "connected ")
	})
}

// TestRevocationIsForOneKey: the other connections of a publisher stay, also those of the same host.
func TestRevocationIsForOneKey(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		k := newKeys(t)
		bob := k
		bob.client = transporttest.NewKey(t)
		k.gate.Admit("bob", bob.client.Public)
		p := k.publisher(t, a, "tcp://*:9000")
		sub, events := k.subscriber(t, b, "tcp://10.0.0.1:9000")
		other, otherEvents := bob.subscriber(t, b, "tcp://10.0.0.1:9000")
		send(t, p, "1")
		k.gate.Revoke(bob.client.Public)
		otherEvents.expect(t, "connected ", "lost ", "failed silent")
		send(t, p, "2")
		events.expect(t, "connected ")
		if diff := cmp.Diff([]string{"1", "2"}, arrived(t, sub)); diff != "" {
			t.Errorf("the admitted one received (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"1"}, arrived(t, other)); diff != "" {
			t.Errorf("the revoked one received (-want +got):\n%s", diff)
		}
		want := []transport.Client{{Identity: "alice", Addr: netip.AddrPortFrom(addrB, p.Clients()[0].Addr.Port()), Topics: 1}}
		if diff := cmp.Diff(want, p.Clients(), cmp.Comparer(func(x, y netip.AddrPort) bool { return x == y })); diff != "" {
			t.Errorf("clients (-want +got):\n%s", diff)
		}
	})
}

// TestRevokedRequests are dropped: those that nobody has received, and those that nobody has answered.
func TestRevokedRequests(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		k := newKeys(t)
		r := k.replier(t, a, "tcp://*:9000")
		ask := func(body string) func() {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() {
				_, err := b.Request(ctx, k.address(t, "tcp://10.0.0.1:9000"), []byte(body), k.options())
				ended <- err
			}()
			synctest.Wait()
			return func() {
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("request %q: got %v, want %v", body, err, context.Canceled)
				}
			}
		}
		end := ask("received")
		requests, err := r.Receive(t.Context())
		must(t, err)
		endWaiting := ask("waiting")
		k.gate.Revoke(k.client.Public)
		synctest.Wait()
		must(t, r.Reply(requests[0], []byte("too late")))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if requests, err := r.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("received %v, %v: want nothing of who was revoked", requests, err)
		}
		end()
		endWaiting()
		want := transport.ReplierStats{Received: 1, Dropped: 1, Access: transport.AccessStats{
			Admitted: 2, ByClient: map[string]uint64{"alice": 2}, Revoked: 2,
		}}
		if diff := cmp.Diff(want, r.Stats()); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
	})
}

// TestCallers are what the gate is asked about.
func TestCallers(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	tests := []struct {
		name, bind, connect string
		secure              bool
		want                transport.Caller
	}{
		{"plain", "tcp://*:1", "tcp://10.0.0.1:1", false, transport.Caller{Addr: addrB}},
		{"secure", "tcp://*:1", "tcp://10.0.0.1:1", true, transport.Caller{Addr: addrB, Key: k.client.Public}},
		{"secure ipc", "ipc:///run/x", "ipc:///run/x", true, transport.Caller{Key: k.client.Public}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, a, b := hosts(t)
			if tt.want.Addr != addrB {
				b = a // ipc is within a host
			}
			gate := &nobody{}
			cfg := transport.PublisherConfig{Endpoint: endpoint(t, tt.bind), Security: transport.ServerSecurity{Key: k.server, Gate: gate}}
			to := address(t, tt.connect)
			if tt.secure {
				cfg.Backend, to = transport.Secure, k.address(t, tt.connect)
			}
			_, err := a.Publisher(cfg)
			must(t, err)
			s, err := b.Subscriber(transport.SubscriberConfig{SocketOptions: k.options()})
			must(t, err)
			must(t, s.Connect(to))
			if diff := cmp.Diff([]transport.Caller{tt.want}, gate.asked, cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); diff != "" {
				t.Errorf("asked about (-want +got):\n%s", diff)
			}
		})
	}
}

// nobody admits nobody and notes who it was asked about.
type nobody struct{ asked []transport.Caller }

func (g *nobody) Judge(c transport.Caller) transport.Verdict {
	g.asked = append(g.asked, c)
	return transport.Verdict{Reason: transport.RefusedKey}
}

func (g *nobody) Watch(func()) (stop func()) { return func() {} }

// TestGateThatIsBusy calls back with its mutex held, while others are judged and sockets come and go.
func TestGateThatIsBusy(t *testing.T) {
	t.Parallel()
	_, a, b := hosts(t)
	k := newKeys(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 200 {
			k.gate.Revoke(k.client.Public)
			k.gate.Admit("alice", k.client.Public)
		}
	})
	wg.Go(func() {
		for range 200 {
			p, err := a.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://*:9000"), Backend: transport.Secure, Security: k.security()})
			if err != nil {
				t.Errorf("bind: %v", err)
				return
			}
			if err := p.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
	s, _ := k.subscriber(t, b, "tcp://10.0.0.1:9000")
	wg.Wait()
	p := k.publisher(t, a, "tcp://*:9000")
	must(t, p.WaitSubscribed(t.Context(), "", 1))
	send(t, p, "after all that")
	frames, err := s.Receive(t.Context())
	if err != nil || len(frames) != 1 {
		t.Errorf("got %d frames, %v, want 1", len(frames), err)
	}
}

func TestHandshakeInterval(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	for interval, ok := range map[time.Duration]bool{
		0: true, 100 * time.Millisecond: true, time.Hour: true, 99 * time.Millisecond: false, time.Hour + 1: false, -1: false,
	} {
		_, err := a.Subscriber(transport.SubscriberConfig{SocketOptions: transport.SocketOptions{HandshakeInterval: interval}})
		if (err == nil) != ok {
			t.Errorf("interval %v: got %v, want ok: %t", interval, err, ok)
		}
	}
}
