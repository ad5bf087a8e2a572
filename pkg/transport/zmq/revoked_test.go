package zmq

import (
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// TestRevokedStuck: one that does not read, so that all queues to it are full, is cut as quickly.
func TestRevokedStuck(t *testing.T) {
	t.Parallel()
	tr, peers := newTransport(t, Options{}), newPeers(t)
	gate, server, bob := transporttest.NewGate(), transporttest.NewKey(t), transporttest.NewKey(t)
	gate.Admit("bob", bob.Public)
	p := securePublisher(t, tr, server, gate)
	sub := peers.socket(zmq4.SUB)
	must(t, sub.SetRcvhwm(1))
	must(t, curved(t, sub, bob, server.Public).SetSubscribe(""))
	must(t, sub.Connect(p.Endpoint().String()))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	frame := make([]byte, 100_000)
	for range 500 {
		must(t, p.Send(t.Context(), frame))
	}
	gate.Revoke(bob.Public)
	begin := time.Now()
	eventually(t, "bob is cut", func() bool { return len(p.Clients()) == 0 && len(p.Subscriptions()) == 0 })
	if took := time.Since(begin); took > time.Second {
		t.Errorf("it took %v to cut bob, want a second at most", took)
	}
}
