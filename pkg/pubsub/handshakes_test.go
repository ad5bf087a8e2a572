package pubsub_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// eventful is a transport whose subscribers hear of what a test makes up.
type eventful struct {
	*inmem.Transport
	tell func(transport.Event)
}

func (e *eventful) Subscriber(cfg transport.SubscriberConfig) (transport.Subscriber, error) {
	e.tell = cfg.Events
	return e.Transport.Subscriber(cfg)
}

// However often the transport tells of a failed handshake, there is one line for each reason; and one, with the count, when it is over.
func TestFailedHandshakesAreCounted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		core, logs := observer.New(zap.InfoLevel)
		tr := &eventful{Transport: w.network.Transport(hostB)}
		node, err := pubsub.New(pubsub.Options{Transport: tr, Logger: zap.New(core)})
		w.must(err)
		sub := w.subscriberOn(node, pubsub.SubscriberOptions{})
		at := func(i int) transport.Address {
			return transport.Address{Endpoint: w.endpoint(fmt.Sprintf("tcp://10.0.0.1:%d", 10000+i)), Backend: transport.Secure}
		}
		fail := func(i int, why transport.Failure) {
			tr.tell(transport.Event{Kind: transport.HandshakeFailed, Peer: at(i), Reason: why, Cause: "so"})
		}
		connected := func(i int) { tr.tell(transport.Event{Kind: transport.Connected, Peer: at(i)}) }
		type line struct{ Message, URI, Reason string }
		logged := func() []line {
			var all []line
			for _, e := range logs.TakeAll() {
				fields := e.ContextMap()
				reason, _ := fields["reason"].(string)
				all = append(all, line{e.Message, fields["uri"].(string), reason})
			}
			return all
		}
		check := func(when string, want ...line) {
			t.Helper()
			if diff := cmp.Diff(want, logged()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		const failed, over = "handshake with publisher failed", "publisher connected after failed handshakes"
		first, second := "tcp://10.0.0.1:10001", "tcp://10.0.0.1:10002"
		for range 1000 {
			fail(1, transport.FailedSilent)
			fail(2, transport.FailedServerKey)
		}
		check("two that don't let us in", line{failed, first, "silent"}, line{failed, second, "server_key"})
		fail(1, transport.FailedMechanism)
		check("another reason", line{failed, first, "mechanism"})
		connected(3)
		check("one that always did")
		time.Sleep(time.Minute)
		connected(1)
		connected(1)
		check("it lets us in", line{over, first, ""})
		fail(1, transport.FailedMechanism)
		check("and not any more", line{failed, first, "mechanism"})
		if got := sub.Stats().HandshakesFailed; got != 2002 {
			t.Errorf("counted %d, want 2002", got)
		}
		w.must(sub.Close())
		fail(4, transport.FailedSilent)
		check("after closing")
	})
}
