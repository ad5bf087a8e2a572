package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// realNode makes a node on real sockets, closed with the test.
func realNode(tb testing.TB) *pubsub.Node {
	tb.Helper()
	tr, err := zmq.New(zmq.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := tr.Close(); err != nil {
			tb.Errorf("close transport: %v", err)
		}
	})
	node, err := pubsub.New(pubsub.Options{Transport: tr, Logger: zaptest.NewLogger(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	return node
}

// pair makes a plain publisher and a subscriber to it that is connected.
func pair(tb testing.TB, po pubsub.PublisherOptions, so pubsub.SubscriberOptions) (*pubsub.Publisher, *pubsub.Subscriber) {
	tb.Helper()
	node := realNode(tb)
	po.Announce = pubsub.AnnounceNone
	if po.Address == "" {
		po.Address = "tcp://127.0.0.1:0"
	}
	pub, err := node.Publisher(po)
	if err != nil {
		tb.Fatal(err)
	}
	so.Addresses = pubsub.URIs(pub.Endpoint().String())
	sub, err := node.Subscriber(so)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := errors.Join(sub.Close(), pub.Close()); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	if err := pub.WaitSubscribed(ctx, "/x", 1); err != nil {
		tb.Fatal(err)
	}
	return pub, sub
}

func TestOverZeroMQ(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"tcp": "tcp://127.0.0.1:0",
		"ipc": "ipc://" + filepath.Join(t.TempDir(), "x.ipc"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 500
			pub, sub := pair(t, pubsub.PublisherOptions{Name: "test", Address: address}, pubsub.SubscriberOptions{})
			for i := range n {
				if err := pub.Publish(t.Context(), fmt.Sprintf("/%d", i), "info", "norrköping"); err != nil {
					t.Fatal(err)
				}
			}
			for i := range n {
				m, err := sub.Receive(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if want := fmt.Sprintf("/%d", i); m.Subject() != want {
					t.Fatalf("got %s, want %s", m.Subject(), want)
				}
			}
		})
	}
}

func TestTranslateOverZeroMQ(t *testing.T) {
	t.Parallel()
	pub, sub := pair(t, pubsub.PublisherOptions{}, pubsub.SubscriberOptions{Translate: true})
	if err := pub.SendText(t.Context(), "pytroll://a info me@elsewhere 2024-05-17T09:41:12 v1.01"); err != nil {
		t.Fatal(err)
	}
	m, err := sub.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := "me@127.0.0.1"; m.Sender() != want {
		t.Errorf("sender %s, want %s", m.Sender(), want)
	}
}

func TestHooksOverZeroMQ(t *testing.T) {
	t.Parallel()
	pub, sub := pair(t, pubsub.PublisherOptions{}, pubsub.SubscriberOptions{Topics: []string{"/x"}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	hooked := 0
	err := sub.AddHookSub(pubsub.Address{URI: pub.Endpoint().String()}, []string{"/hook"}, func(*message.Message) {
		if hooked++; hooked == 3 {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := pub.WaitSubscribed(ctx, "/hook", 1); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := pub.Publish(t.Context(), "/hook", "info", nil); err != nil {
			t.Fatal(err)
		}
	}
	for m, err := range sub.Messages(ctx) { // it only runs the hook
		t.Errorf("item: %v, %v", m, err)
	}
	if hooked != 3 {
		t.Errorf("the hook ran %d times, want 3", hooked)
	}
}

func TestRemoveLosesNothingOverZeroMQ(t *testing.T) {
	t.Parallel()
	const n = 500
	pub, sub := pair(t, pubsub.PublisherOptions{}, pubsub.SubscriberOptions{})
	for i := range n {
		if err := pub.Publish(t.Context(), fmt.Sprintf("/%d", i), "info", nil); err != nil {
			t.Fatal(err)
		}
	}
	testbed.WaitFor(t, "all to arrive", func() bool { return sub.Stats().Received == n })
	if err := sub.Remove(pub.Endpoint().String()); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		m, err := sub.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("/%d", i); m.Subject() != want {
			t.Fatalf("got %s, want %s", m.Subject(), want)
		}
	}
}

// Nobody takes what has come, and the queue is full.
func TestListenerClosesOverZeroMQ(t *testing.T) {
	t.Parallel()
	node := realNode(t)
	pub, err := node.Publisher(pubsub.PublisherOptions{Address: "tcp://127.0.0.1:0", Announce: pubsub.AnnounceNone})
	if err != nil {
		t.Fatal(err)
	}
	l, err := node.Listener(pubsub.SubscriberOptions{Addresses: pubsub.URIs(pub.Endpoint().String()), MaxQueued: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	if err := pub.WaitSubscribed(t.Context(), "/x", 1); err != nil {
		t.Fatal(err)
	}
	testbed.WaitFor(t, "the queue to fill", func() bool {
		if err := pub.Publish(t.Context(), "/x", "info", "x"); err != nil {
			t.Error(err)
		}
		return l.Stats().Queued > 1000
	})
	if err := errors.Join(l.Close(), pub.Close()); err != nil {
		t.Error(err)
	}
}

func TestCloseOverZeroMQ(t *testing.T) {
	t.Parallel()
	_, sub := pair(t, pubsub.PublisherOptions{}, pubsub.SubscriberOptions{})
	done := make(chan error)
	go func() {
		_, err := sub.Receive(t.Context())
		done <- err
	}()
	if err := sub.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, pubsub.ErrClosed) {
		t.Errorf("receive: got %v, want ErrClosed", err)
	}
}

// fileMessage is a message of ordinary size.
func fileMessage(tb testing.TB) *message.Message {
	tb.Helper()
	m, err := message.New("/segment/SDR/1B/nrk/prod/polar/direct_readout", "file", map[string]any{
		"uri": "ssh://rec1.example.org/san1/polar_in/direct_readout/npp/lvl1/GMTCO_npp_d20181025_t0101468.h5",
		"uid": "GMTCO_npp_d20181025_t0101468.h5", "sensor": []string{"viirs"}, "orbit_number": 36230, "platform_name": "Suomi-NPP",
		"start_time": message.Time{Time: time.Date(2018, 10, 25, 1, 1, 46, 0, time.UTC), Naive: true},
		"end_time":   message.Time{Time: time.Date(2018, 10, 25, 1, 3, 11, 0, time.UTC), Naive: true},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// BenchmarkPubSub sends and receives with a window of messages under way, so that none is lost. One operation is one message.
func BenchmarkPubSub(b *testing.B) {
	const window = 500 // libzmq learns of what was read in batches of half a queue, so the queues are far larger
	pub, sub := pair(b, pubsub.PublisherOptions{Queue: 8 * window}, pubsub.SubscriberOptions{Queue: 8 * window, Timeout: 5 * time.Second})
	m := fileMessage(b)
	b.SetBytes(int64(len(m.Bytes())))
	slots := make(chan struct{}, window)
	go func() {
		for range b.N {
			slots <- struct{}{}
			if err := pub.Send(b.Context(), m); err != nil {
				b.Error(err)
				return
			}
		}
	}()
	b.ResetTimer()
	for range b.N {
		if _, err := sub.Receive(b.Context()); err != nil {
			b.Fatal(err)
		}
		<-slots
	}
}

// secureNodeOverZMQ makes a node with keys on real sockets, closed with the test.
func secureNodeOverZMQ(tb testing.TB, sec *security.Security) *pubsub.Node {
	tb.Helper()
	tr, err := zmq.New(zmq.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := tr.Close(); err != nil {
			tb.Errorf("close transport: %v", err)
		}
	})
	node, err := pubsub.New(pubsub.Options{Transport: tr, Settings: secureSettings, Security: sec, Logger: zaptest.NewLogger(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	return node
}

// While a publisher serves two keys, subscribers with either receive everything. A client whose key is taken away is cut off, and
// nobody else misses a message.
func TestSecureOverZeroMQ(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	bob, err := curve.Read(k.secret("mallory"))
	if err != nil {
		t.Fatal(err)
	}
	if err := bob.WritePublic(k.clients, "bob", curve.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	pubNode := secureNodeOverZMQ(t, k.server(func(c *security.Config) { c.NextServerSecretKeyFile = k.secret("next") }))
	pub, err := pubNode.Publisher(pubsub.PublisherOptions{Name: "x", Address: "tcp://127.0.0.1:0", Announce: pubsub.AnnounceNone})
	if err != nil {
		t.Fatal(err)
	}
	next, ok := pub.NextEndpoint()
	if !ok {
		t.Fatal("no second socket")
	}
	subscribe := func(client, server string, at transport.Endpoint) *pubsub.Subscriber {
		node := secureNodeOverZMQ(t, k.client(client, "*="+k.public(server)))
		sub, err := node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(at.String()), Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	alice, mallory := subscribe("alice", "server", pub.Endpoint()), subscribe("mallory", "next", next)
	t.Cleanup(func() {
		if err := errors.Join(alice.Close(), mallory.Close(), pub.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := pub.WaitSubscribed(ctx, "/x", 2); err != nil {
		t.Fatal(err)
	}
	publish := func(subject string) {
		t.Helper()
		if err := pub.Publish(ctx, subject, "info", nil); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(sub *pubsub.Subscriber, subject string) {
		t.Helper()
		m, err := sub.Receive(ctx)
		if err != nil || m.Subject() != subject {
			t.Fatalf("received %v, %v, want %s", m, err, subject)
		}
	}
	publish("/both")
	expect(alice, "/both")
	expect(mallory, "/both")

	begin := time.Now()
	if err := curve.Revoke(k.clients, "bob"); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for len(pub.Clients()) != 1 {
		publish(fmt.Sprintf("/%d", sent))
		expect(alice, fmt.Sprintf("/%d", sent))
		sent++
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("clients are %v", pub.Clients())
		}
	}
	if took := time.Since(begin); took > 5*time.Second { // one second, on a machine that is not busy
		t.Errorf("revoking took %v", took)
	}
	if got := pub.Clients()[0].Identity; got != "alice" {
		t.Errorf("still there: %s", got)
	}
	if got := pub.Stats().Access; got.Revoked != 1 || got.ByClient["bob"] != 1 {
		t.Errorf("counted %+v", got)
	}
	publish("/after")
	expect(alice, "/after")
}
