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

// A publisher that fails for one reason after the other, or lets us in now and then, does not fill the log, and nor do thousands of them; the log
// tells how much was left out.
func TestFailedHandshakesDoNotFillTheLog(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t)
		core, logs := observer.New(zap.InfoLevel)
		tr := &eventful{Transport: w.network.Transport(hostB)}
		node, err := pubsub.New(pubsub.Options{Transport: tr, Logger: zap.New(core)})
		w.must(err)
		sub := w.subscriberOn(node, pubsub.SubscriberOptions{})
		event := func(i int, kind transport.EventKind, why transport.Failure) {
			peer := transport.Address{Endpoint: w.endpoint(fmt.Sprintf("tcp://10.0.0.1:%d", 10000+i)), Backend: transport.Secure}
			tr.tell(transport.Event{Kind: kind, Peer: peer, Reason: why, Cause: "so"})
		}
		for range 1000 {
			event(0, transport.HandshakeFailed, transport.FailedSilent)
			event(0, transport.HandshakeFailed, transport.FailedMechanism)
			event(0, transport.Connected, "")
			time.Sleep(time.Second)
		}
		if got := logs.Len(); got > 20 {
			t.Errorf("%d lines about one publisher", got)
		}
		logs.TakeAll()
		for i := range 5000 {
			event(i, transport.HandshakeFailed, transport.FailedSilent)
		}
		if got := logs.Len(); got > 110 {
			t.Errorf("%d lines about many publishers", got)
		}
		time.Sleep(time.Hour)
		logs.TakeAll()
		event(4999, transport.HandshakeFailed, transport.FailedMechanism)
		if got := logs.All(); len(got) != 1 || got[0].ContextMap()["left_out"].(uint64) < 1000 {
			t.Errorf("got %v, want a line that tells how many were left out", got)
		}
		w.must(sub.Close())
	})
}
