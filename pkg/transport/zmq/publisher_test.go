package zmq

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func newPublisher(t *testing.T, bind string) transport.Publisher {
	t.Helper()
	p, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{Endpoint: endpoint(t, bind)})
	must(t, err)
	return p
}

// TestPublisherOddSubscribers: what a subscriber may not send is dropped, and a topic above the limit costs it the
// connection; the publisher goes on.
func TestPublisherOddSubscribers(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0")
	peers := newPeers(t)
	odd := peers.connected(zmq4.XSUB, p.Endpoint())
	for _, m := range [][]any{{"hello"}, {"several", "parts"}, {""}, {"\x00never subscribed"}, {"\x01topic"}} {
		_, err := odd.SendMessage(m...)
		must(t, err)
	}
	must(t, p.WaitSubscribed(soon(t), "topic", 1))
	want := []transport.Subscription{{Topic: "topic", Count: 1}}
	if diff := cmp.Diff(want, p.Subscriptions()); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
	_, err := odd.Send("\x01"+strings.Repeat("x", maxTopic+1), 0)
	must(t, err)
	good := peers.connected(zmq4.SUB, p.Endpoint())
	must(t, good.SetSubscribe("good"))
	must(t, p.WaitSubscribed(soon(t), "good", 1))
	must(t, p.Send(t.Context(), []byte("good")))
	if got, err := good.Recv(0); err != nil || got != "good" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, s := range p.Subscriptions() {
		if len(s.Topic) > maxTopic {
			t.Errorf("a topic of %d bytes was taken", len(s.Topic))
		}
	}
}

// TestGreedySubscriber: a subscriber that asks for topic after topic is cut, and takes nobody with it.
func TestGreedySubscriber(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	tr := newTransport(t, Options{Logger: zap.New(core)})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	peers := newPeers(t)
	good := peers.connected(zmq4.SUB, p.Endpoint())
	must(t, good.SetSubscribe("good"))
	must(t, p.WaitSubscribed(soon(t), "good", 1))
	greedy := peers.socket(zmq4.SUB)
	must(t, greedy.SetSndhwm(0))
	must(t, greedy.Connect(p.Endpoint().String()))
	long := strings.Repeat("x", 1000)
	for i := range 2 * maxTopicBytes / len(long) {
		must(t, greedy.SetSubscribe(fmt.Sprint(i, long)))
	}
	eventually(t, "the greedy one is cut", func() bool { return logs.Len() > 0 })
	must(t, p.Send(t.Context(), []byte("good")))
	if got, err := good.Recv(0); err != nil || got != "good" {
		t.Errorf("got %q, %v", got, err)
	}
	must(t, greedy.Close())
	want := []transport.Subscription{{Topic: "good", Count: 1}}
	eventually(t, "only good is left", func() bool { return cmp.Equal(want, p.Subscriptions()) })
}

// TestFloodOfTopics: a subscriber that asks faster than topics can be stored is cut too, long before it has filled the memory, and the log
// tells of it once when it comes back.
func TestFloodOfTopics(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	p, err := newTransport(t, Options{Logger: zap.New(core)}).Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	for range 3 {
		flood(t, p.Endpoint())
	}
	if n := logs.Len(); n != 1 {
		t.Errorf("%d lines in the log, want 1", n)
	}
}

// flood asks for topics until the connection is cut.
func flood(t *testing.T, at transport.Endpoint) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(at.String(), "tcp://"))
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = c.Write([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00NULL" + strings.Repeat("\x00", 48) +
		"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"))
	must(t, err)
	// libzmq may give up a connection on which topics come before it has greeted back (ZMTP 3.0: 64 bytes, then READY).
	greeting := make([]byte, 64+2)
	_, err = io.ReadFull(c, greeting)
	must(t, err)
	_, err = io.ReadFull(c, make([]byte, greeting[65]))
	must(t, err)
	// The end of what comes in tells of the cut: a write may hang on for long when the window of the other end was full.
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, c)
		ended <- errors.Join(err, c.Close())
	}()
	const most = 24 << 20 // the limit, and what fits into the buffers of a connection
	const head = 10       // of a frame, with the byte that means to subscribe
	random := rand.NewChaCha8([32]byte{})
	frame := make([]byte, head+900)
	for sent := 0; err == nil; {
		if sent > most {
			t.Fatalf("not cut after %d bytes of topics", sent)
		}
		var chunk []byte
		for len(chunk) < 64<<10 {
			_, err := random.Read(frame)
			must(t, err)
			frame[0] = 2 // long
			binary.BigEndian.PutUint64(frame[1:], uint64(len(frame)-head+1))
			frame[head-1] = 1
			chunk = append(chunk, frame...)
		}
		_, err = c.Write(chunk)
		sent += len(chunk)
	}
	if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("not cut in time")
	}
}

// TestTopicsPaidWithOthers: taking back what was never asked for makes no room for more topics.
func TestTopicsPaidWithOthers(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0")
	c := dialRaw(t, p.Endpoint())
	c.greet(property("Socket-Type", "SUB"))
	long := strings.Repeat("x", 900)
	var sending sync.WaitGroup
	sending.Go(func() { // a cut connection need not end what is being written
		for i := range 20 * maxTopicBytes / len(long) {
			if c.send(fmt.Sprintf("\x01%08d%s", i, long), fmt.Sprintf("\x00never %d%s", i, long)) != nil {
				break
			}
		}
	})
	eventually(t, "it is cut", func() bool { return p.Stats().Cut > 0 })
	must(t, c.Close())
	sending.Wait()
}

// TestForeignTopic: a subscriber can't take back what another one has asked for.
func TestForeignTopic(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0")
	good := newPeers(t).connected(zmq4.SUB, p.Endpoint())
	must(t, good.SetSubscribe("good"))
	must(t, p.WaitSubscribed(soon(t), "good", 1))
	c := dialRaw(t, p.Endpoint())
	c.greet(property("Socket-Type", "SUB"))
	must(t, c.send("\x00good", "\x01bad"))
	must(t, p.WaitSubscribed(soon(t), "bad", 1))
	want := []transport.Subscription{{Topic: "bad", Count: 1}, {Topic: "good", Count: 1}}
	if diff := cmp.Diff(want, p.Subscriptions()); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
}

// TestSubscriptionsWhileSending: sending may take the signal that tells of a subscription, which must be seen all the
// same.
func TestSubscriptionsWhileSending(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := p.Send(t.Context(), []byte("x")); err != nil {
					t.Errorf("Send: %v", err)
					return
				}
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	peers := newPeers(t)
	for i := range 50 {
		topic := fmt.Sprint("topic ", i)
		wait := make(chan error)
		go func() { wait <- p.WaitSubscribed(soon(t), topic, 1) }()
		sub := peers.connected(zmq4.SUB, p.Endpoint())
		must(t, sub.SetSubscribe(topic))
		must(t, <-wait)
	}
}

// TestCloseWithStuckSubscriber: a subscriber that does not read delays Close by its two seconds, not more.
func TestCloseWithStuckSubscriber(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0")
	sub := newPeers(t).socket(zmq4.SUB)
	must(t, sub.SetRcvhwm(1))
	must(t, sub.SetSubscribe(""))
	must(t, sub.Connect(p.Endpoint().String()))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	frame := make([]byte, 1<<20)
	for range 100 {
		must(t, p.Send(t.Context(), frame))
	}
	begin := time.Now()
	must(t, p.Close())
	if took := time.Since(begin); took < publisherLinger || took > publisherLinger+closeMargin {
		t.Errorf("Close took %v, want %v or a little more", took, publisherLinger)
	}
}

func TestBindErrors(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	for bind, want := range map[string]string{
		"tcp://192.0.2.1:9000":          "bind tcp://192.0.2.1:9000: cannot assign requested address",
		"tcp://nosuchif:9000":           "bind tcp://nosuchif:9000: no such device: neither an address nor a network interface of this host",
		"ipc:///no/such/directory/sock": "bind ipc:///no/such/directory/sock: no such file or directory",
	} {
		_, pubErr := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, bind)})
		_, repErr := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, bind)})
		for _, err := range []error{pubErr, repErr} {
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
	for name, o := range map[string]transport.SocketOptions{
		"queue":      {Queue: -1},
		"size":       {MaxMessage: -1},
		"keep-alive": {KeepAlive: transport.KeepAlive{Mode: 9}},
	} {
		if _, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), SocketOptions: o}); err == nil {
			t.Errorf("%s: want an error", name)
		}
		if _, err := tr.Subscriber(transport.SubscriberConfig{SocketOptions: o}); err == nil {
			t.Errorf("subscriber, %s: want an error", name)
		}
	}
	if _, err := tr.Subscriber(transport.SubscriberConfig{MaxQueued: -1}); err == nil {
		t.Error("a queue of -1 bytes: want an error")
	}
}

// TestJunkConnections: connections that talk nonsense, or nothing, do not keep others from being served.
func TestJunkConnections(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0")
	r := echo(t, "tcp://127.0.0.1:0", transport.SocketOptions{})
	peers := newPeers(t)
	const junk, halfOpen = 2000, 100
	for _, at := range []transport.Endpoint{p.Endpoint(), r.Endpoint()} {
		addr := strings.TrimPrefix(at.String(), "tcp://")
		for range halfOpen {
			c, err := net.Dial("tcp", addr)
			must(t, err)
			t.Cleanup(func() { c.Close() })
		}
		payloads := []string{"GET / HTTP/1.1\r\n\r\n", "\xff", "\x01\x00", string(zmtpGreeting("NULL")), string(zmtpGreeting("CURVE")) + "x", strings.Repeat("\xff", 1000)}
		for i := range junk {
			c, err := net.Dial("tcp", addr)
			must(t, err)
			if _, err := c.Write([]byte(payloads[i%len(payloads)])); err != nil {
				t.Logf("junk %d: %v", i, err) // the other side may have had enough
			}
			must(t, c.Close())
		}
	}
	sub := peers.connected(zmq4.SUB, p.Endpoint())
	must(t, sub.SetSubscribe(""))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	must(t, p.Send(t.Context(), []byte("still here")))
	if got, err := sub.Recv(0); err != nil || got != "still here" {
		t.Errorf("subscriber: got %q, %v", got, err)
	}
	req := peers.connected(zmq4.REQ, r.Endpoint())
	_, err := req.Send("hello", 0)
	must(t, err)
	if got, err := req.Recv(0); err != nil || got != "1 127.0.0.1 hello" {
		t.Errorf("request: got %q, %v", got, err)
	}
}

// TestPlainClients: who has subscribed to a publisher without a gate.
func TestPlainClients(t *testing.T) {
	t.Parallel()
	for bind, addressed := range map[string]bool{"tcp://127.0.0.1:0": true, "ipc://*": false} {
		t.Run(bind, func(t *testing.T) {
			t.Parallel()
			p, peers := newPublisher(t, bind), newPeers(t)
			if got := p.Clients(); len(got) != 0 {
				t.Errorf("clients of a new publisher are %v", got)
			}
			sub := peers.connected(zmq4.SUB, p.Endpoint())
			for _, topic := range []string{"", "a", "b"} {
				must(t, sub.SetSubscribe(topic))
			}
			must(t, sub.SetUnsubscribe("b"))
			peers.connected(zmq4.SUB, p.Endpoint()) // has not subscribed
			want := []transport.Client{{Topics: 2}}
			var got []transport.Client
			eventually(t, "two topics", func() bool {
				got = p.Clients()
				return cmp.Equal(want, got, cmpopts.IgnoreFields(transport.Client{}, "Addr"))
			})
			if got[0].Addr.IsValid() != addressed || addressed && !got[0].Addr.Addr().IsLoopback() {
				t.Errorf("got address %v", got[0].Addr)
			}
			must(t, sub.Close())
			eventually(t, "it has gone", func() bool { return len(p.Clients()) == 0 })
			if diff := cmp.Diff(transport.PublisherStats{}, p.Stats()); diff != "" {
				t.Errorf("stats (-want +got):\n%s", diff)
			}
		})
	}
}

// TestListRest: a list of very many topics, during which nobody can send, is not made again at once for who waits for changes, however often they change. Who knows
// nothing yet need not wait.
func TestListRest(t *testing.T) {
	t.Parallel()
	made, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	p := made.(*publisher)
	_, err = p.NextSubscriptions(soon(t), []transport.Subscription{{Topic: "gone"}})
	must(t, err)
	must(t, p.lock())
	if p.topics.due.IsZero() {
		t.Error("the list is followed by no rest")
	}
	p.topics.apply([]byte("new"), true)
	p.mu.Unlock()
	restUntil := func(due time.Time) {
		must(t, p.lock())
		p.topics.due = due
		p.mu.Unlock()
	}
	want := []transport.Subscription{{Topic: "new", Count: 1}}

	restUntil(time.Now().Add(time.Hour))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.NextSubscriptions(ctx, []transport.Subscription{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while it rests: %v", err)
	}
	if got := p.Subscriptions(); !slices.Equal(got, want) {
		t.Errorf("asked: got %v, want %v", got, want)
	}
	if got, err := p.NextSubscriptions(soon(t), nil); err != nil || !slices.Equal(got, want) {
		t.Errorf("a first call while it rests: %v, %v", got, err)
	}
	restUntil(time.Now().Add(time.Hour))
	if err := p.WaitSubscribed(soon(t), "new one", 1); err != nil {
		t.Errorf("waiting for what is there, while it rests: %v", err)
	}
	restUntil(time.Now())
	if got, err := p.NextSubscriptions(soon(t), []transport.Subscription{}); err != nil || !slices.Equal(got, want) {
		t.Errorf("afterwards: %v, %v", got, err)
	}
}

// TestRestAfter: a rest is as long as the list was, twenty times, and not longer than a second where the host was busy.
func TestRestAfter(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	for took, want := range map[time.Duration]time.Duration{time.Millisecond: 20 * time.Millisecond, 50 * time.Millisecond: time.Second, time.Hour: time.Second} {
		var topics topics
		topics.rest(begin, took)
		if got := topics.due.Sub(begin); got != want {
			t.Errorf("after a list that took %v: %v, want %v", took, got, want)
		}
	}
}
