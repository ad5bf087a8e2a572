// Package transporttest checks that an implementation of package transport keeps the promises of the seam.
//
//	func TestConformance(t *testing.T) {
//		transporttest.Run(t, func(t *testing.T) transport.Transport { return newTransport(t) })
//	}
package transporttest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// patience bounds each wait. It is met only where something is broken.
const patience = 20 * time.Second

// Any is where the tests bind: a free port of the host's own.
const Any = "tcp://127.0.0.1:0"

// Run runs all checks as subtests. makeTransport returns a new transport that can bind and connect to
// tcp://127.0.0.1; Run closes it.
func Run(t *testing.T, makeTransport func(*testing.T) transport.Transport) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"PubSub", testPubSub},
		{"SendBatch", testSendBatch},
		{"Recycle", testRecycle},
		{"Pending", testPending},
		{"Prefixes", testPrefixes},
		{"SubscribeTwice", testSubscribeTwice},
		{"Subscriptions", testSubscriptions},
		{"WaitSubscribed", testWaitSubscribed},
		{"WaitSubscribedEnds", testWaitSubscribedEnds},
		{"NextSubscriptions", testNextSubscriptions},
		{"Subscribed", testSubscribed},
		{"ConnectTwice", testConnectTwice},
		{"ConnectRefused", testConnectRefused},
		{"ManyPublishers", testManyPublishers},
		{"From", testFrom},
		{"PublisherComesLater", testPublisherComesLater},
		{"PublisherRestart", testPublisherRestart},
		{"DisconnectKeepsWhatCame", testDisconnect},
		{"Reconnect", testReconnect},
		{"PublisherCloseSendsQueue", testCloseSendsQueue},
		{"SlowConsumer", testSlowConsumer},
		{"ConcurrentSend", testConcurrentSend},
		{"BindConflict", testBindConflict},
		{"PortRange", testPortRange},
		{"WelcomeLast", testWelcomeLast},
		{"WelcomePerTopic", testWelcomePerTopic},
		{"WelcomeReplay", testWelcomeReplay},
		{"WelcomeCrowd", testWelcomeCrowd},
		{"WelcomeRefused", testWelcomeRefused},
		{"WelcomeAdmittedOnly", secured(testWelcomeAdmittedOnly)},
		{"Request", testRequest},
		{"RequestsAtOnce", testRequestsAtOnce},
		{"RequestWithoutPeer", testRequestWithoutPeer},
		{"RequestWaitsForPeer", testRequestWaitsForPeer},
		{"ReplyToNobody", testReplyToNobody},
		{"ReceiveEnds", testReceiveEnds},
		{"Closed", testClosed},
		{"TransportClose", testTransportClose},
		{"NoKeys", secured(testNoKeys)},
		{"InprocIsPlain", secured(testInprocIsPlain)},
		{"SecurePubSub", secured(testSecurePubSub)},
		{"Clients", secured(testClients)},
		{"PlainAndSecure", secured(testPlainAndSecure)},
		{"ServerKeysInTurn", secured(testServerKeysInTurn)},
		{"PublisherMoves", secured(testPublisherMoves)},
		{"IndependentPublishers", secured(testIndependentPublishers)},
		{"WrongServerKey", secured(testWrongServerKey)},
		{"OtherMechanism", secured(testOtherMechanism)},
		{"AdmittedLater", secured(testAdmittedLater)},
		{"Revoked", secured(testRevoked)},
		{"RefusedAddress", secured(testRefusedAddress)},
		{"ManyRevoked", secured(testManyRevoked)},
		{"SecureIPC", secured(testSecureIPC)},
		{"CloseWhileRefused", secured(testCloseWhileRefused)},
		{"UnreadableGate", secured(testUnreadableGate)},
		{"SecureRequest", secured(testSecureRequest)},
		{"RefusedRequest", secured(testRefusedRequest)},
		{"RequestAdmittedLater", secured(testRequestAdmittedLater)},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := makeTransport(t)
			t.Cleanup(func() {
				if err := tr.Close(); err != nil {
					t.Errorf("Transport.Close: %v", err)
				}
			})
			c.run(t, &bench{t: t, Transport: tr})
		})
	}
}

// bench makes sockets that must come about.
type bench struct {
	t *testing.T
	transport.Transport
	ahead sync.Map // of transport.Subscriber to *[]transport.Frame: received, and not looked at yet
}

func (b *bench) endpoint(s string) transport.Endpoint {
	b.t.Helper()
	e, err := transport.ParseEndpoint(s)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

func (b *bench) publisher(at string) transport.Publisher {
	b.t.Helper()
	p, err := b.Publisher(transport.PublisherConfig{Endpoint: b.endpoint(at)})
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// subscriber makes one that is connected to all of pubs and subscribed to topic, as the publishers know.
func (b *bench) subscriber(cfg transport.SubscriberConfig, topic string, pubs ...transport.Publisher) transport.Subscriber {
	b.t.Helper()
	s, err := b.Subscriber(cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.must(s.Subscribe(topic))
	for _, p := range pubs {
		before := covered(p, topic)
		b.must(s.Connect(address(p)))
		b.must(p.WaitSubscribed(b.context(), topic, before+1))
	}
	return s
}

func (b *bench) replier() transport.Replier {
	b.t.Helper()
	r, err := b.Replier(transport.ReplierConfig{Endpoint: b.endpoint(Any)})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// answer answers requests with "re: " before them, until r is closed or the test ends.
func (b *bench) answer(r transport.Replier) {
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		for {
			requests, err := r.Receive(ctx)
			if err != nil {
				return
			}
			for _, q := range requests {
				if err := r.Reply(q, append([]byte("re: "), q.Body...)); err != nil && !errors.Is(err, transport.ErrClosed) {
					b.t.Errorf("Reply: %v", err)
				}
			}
		}
	}()
	b.t.Cleanup(func() { cancel(); <-done })
}

func (b *bench) send(p transport.Publisher, frames ...string) {
	b.t.Helper()
	for _, f := range frames {
		b.must(p.Send(b.context(), []byte(f)))
	}
}

// receive waits for n frames.
func (b *bench) receive(s transport.Subscriber, n int) []transport.Frame {
	b.t.Helper()
	var got []transport.Frame
	for len(got) < n {
		frames, err := s.Receive(b.context())
		if err != nil {
			b.t.Fatalf("after %d of %d frames: %v", len(got), n, err)
		}
		got = append(got, frames...)
	}
	return got
}

// expect waits for these frames, and no others.
func (b *bench) expect(s transport.Subscriber, want ...string) {
	b.t.Helper()
	got := b.receive(s, len(want))
	if len(got) != len(want) {
		b.t.Fatalf("got %d frames, want %d", len(got), len(want))
	}
	for i, f := range got {
		if string(f.Body) != want[i] {
			b.t.Fatalf("frame %d: got %q, want %q", i, f.Body, want[i])
		}
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// context ends with the test, or when patience does.
func (b *bench) context() context.Context {
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	b.t.Cleanup(cancel)
	return ctx
}

// events returns a callback and the channel that it fills.
func events() (func(transport.Event), <-chan transport.Event) {
	ch := make(chan transport.Event, 1000)
	return func(e transport.Event) { ch <- e }, ch
}

// expectEvent waits for the next event.
func (b *bench) expectEvent(ch <-chan transport.Event, kind transport.EventKind, peer transport.Address) {
	b.t.Helper()
	select {
	case e := <-ch:
		if e.Kind != kind || e.Peer.Normal() != peer.Normal() {
			b.t.Fatalf("got event %d of %v (%s), want %d of %v", e.Kind, e.Peer, e.Cause, kind, peer)
		}
	case <-b.context().Done():
		b.t.Fatalf("no event, want %d of %v", kind, peer)
	}
}

// eventually waits until ok is true.
func (b *bench) eventually(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func address(p interface{ Endpoint() transport.Endpoint }) transport.Address {
	return transport.Address{Endpoint: p.Endpoint()}
}

func covered(p transport.Publisher, topic string) int {
	n := 0
	for _, s := range p.Subscriptions() {
		if len(s.Topic) <= len(topic) && topic[:len(s.Topic)] == s.Topic {
			n += s.Count
		}
	}
	return n
}

// background runs f and returns a function that waits for its end.
func (b *bench) background(f func()) (wait func()) {
	var ended atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
		ended.Store(true)
	}()
	return func() {
		b.t.Helper()
		select {
		case <-done:
			if !ended.Load() {
				b.t.FailNow()
			}
		case <-b.context().Done():
			b.t.Fatal("still running")
		}
	}
}
