package zmq

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/transporttest"
)

// slowBench is a publisher, a subscriber that reads all, by which the publisher keeps its pace, and another one.
type slowBench struct {
	t     *testing.T
	p     transport.Publisher
	logs  *observer.ObservedLogs
	slow  *zmq4.Socket
	pace  *zmq4.Socket
	sent  int             // to slow
	sizes func(i int) int // of the messages to it

	connect func(topic string, queue int) *zmq4.Socket
}

const slowTopic = "slow/"

func newSlowBench(t *testing.T, backend transport.Backend, queue int) *slowBench {
	t.Helper()
	return newSlowBenchWith(t, backend, queue, nil)
}

func newSlowBenchWith(t *testing.T, backend transport.Backend, queue int, welcome *transport.Welcome) *slowBench {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	cfg := transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Backend: backend, Welcome: welcome, SocketOptions: transport.SocketOptions{Queue: queue}}
	client := newKeys(t)
	if backend == transport.Secure {
		cfg.Security = transport.ServerSecurity{Key: newKeys(t), Gate: transporttest.NewGate().Admit("peer", client.Public)}
	}
	p, err := newTransport(t, Options{Logger: zap.New(core)}).Publisher(cfg)
	must(t, err)
	b := &slowBench{t: t, p: p, logs: logs, sizes: func(int) int { return 700 }}
	ps := newPeers(t)
	b.connect = func(topic string, queue int) *zmq4.Socket {
		s := ps.socket(zmq4.SUB)
		if backend == transport.Secure {
			must(t, setOption(rawSocket(s), optCurveServerKey, slices.Clone(cfg.Security.Key.Public[:])))
			must(t, setOption(rawSocket(s), optCurvePublicKey, slices.Clone(client.Public[:])))
			must(t, setOption(rawSocket(s), optCurveSecretKey, client.Secret.Reveal()))
		}
		must(t, s.SetRcvhwm(queue))
		must(t, s.SetRcvbuf(64<<10))
		must(t, s.SetSubscribe(topic))
		must(t, s.Connect(p.Endpoint().String()))
		return s
	}
	b.pace = b.connect("", 100_000)
	b.slow = b.connect(slowTopic, 10)
	must(t, p.WaitSubscribed(soon(t), slowTopic, 2))
	return b
}

// send sends n messages for both, and some that slow did not ask for. It does so no faster than pace reads.
func (b *slowBench) send(n int) {
	b.t.Helper()
	for i := range n {
		must(b.t, b.p.Send(b.t.Context(), append([]byte(slowTopic), make([]byte, b.sizes(b.sent))...)))
		b.sent++
		if i%3 == 0 {
			must(b.t, b.p.Send(b.t.Context(), bytes.Repeat([]byte("other"), 200)))
			_, err := b.pace.RecvBytes(0)
			must(b.t, err)
		}
		_, err := b.pace.RecvBytes(0)
		must(b.t, err)
		if i%20 == 0 {
			b.p.Subscriptions() // libzmq sees that pace's queue has room again, for which it looks once in a millisecond at most
		}
	}
}

// fill sends until slow loses messages.
func (b *slowBench) fill() {
	b.t.Helper()
	for b.p.Stats().Loss.Slow == 0 {
		b.send(100)
	}
}

// drain reads what slow gets, until nothing is on its way any more: the last of the marks has come that are sent while nothing does.
func (b *slowBench) drain() (received int) {
	b.t.Helper()
	must(b.t, b.slow.SetRcvtimeo(100*time.Millisecond))
	mark := ""
	for end := time.Now().Add(patience); time.Now().Before(end); {
		got, err := b.slow.Recv(0)
		if errors.Is(cause(err), syscall.EAGAIN) {
			mark = fmt.Sprint(slowTopic, "mark ", b.sent)
			must(b.t, b.p.Send(b.t.Context(), []byte(mark)))
			b.sent++
			_, err := b.pace.RecvBytes(0)
			must(b.t, err)
			continue
		}
		must(b.t, err)
		received++
		if got == mark {
			return received
		}
	}
	b.t.Fatal("waited in vain: slow keeps up")
	return received
}

// over waits until no subscriber is slow.
func (b *slowBench) over() transport.LossStats {
	b.t.Helper()
	eventually(b.t, "the episode is over", func() bool { return b.p.Stats().Loss.Slow == 0 })
	return b.p.Stats().Loss
}

// TestMissedIsKept: the frame of an overflow that is looked for later is the caller's again before that.
func TestMissedIsKept(t *testing.T) {
	t.Parallel()
	p, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	l := p.(*publisher).losses
	must(t, l.p.lock())
	defer l.p.mu.Unlock()
	now := time.Now()
	l.due = now.Add(time.Hour)
	frame := bytes.Repeat([]byte("s"), 2*maxTopic)
	l.overflow(frame, now)
	copy(frame, "another message")
	if want := bytes.Repeat([]byte("s"), maxTopic); !l.behind || !bytes.Equal(l.missed, want) {
		t.Errorf("it would be looked for who missed %.20q", l.missed)
	}
}

// checkLost compares an estimate. A quarter of the queue, and of what the sizes vary by, may be wrong.
func checkLost(t *testing.T, got uint64, want, queue int) {
	t.Helper()
	t.Logf("estimate %d, lost %d", got, want)
	if off := math.Abs(float64(got) - float64(want)); off > float64(queue)/4+float64(want)/50+10 {
		t.Errorf("estimate of %d, and %d were lost", got, want)
	}
}

// TestStalledSubscriber: one that stops reading and then reads on has lost about as many messages as is told, and nobody else any.
func TestStalledSubscriber(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		queue int
		size  func(int) int
	}{
		{"file messages", 1000, func(int) int { return 740 }},
		{"all sizes", 1000, func(int) int { return int(rand.ExpFloat64() * 1000) }},
		{"growing", 100, func(i int) int { return i / 10 }},
		{"small", 100, func(int) int { return 20 }},
	} {
		for _, backend := range []transport.Backend{transport.Plain, transport.Secure} {
			t.Run(fmt.Sprintf("%s/%s", backend, tt.name), func(t *testing.T) {
				t.Parallel()
				b := newSlowBench(t, backend, tt.queue)
				b.sizes = tt.size
				b.fill()
				b.send(5000)
				received := b.drain()
				got := b.over()
				checkLost(t, got.LostEstimate, b.sent-received, tt.queue)
				if got.Overflows == 0 || got.Episodes != 1 {
					t.Errorf("got %+v, want one episode", got)
				}
			})
		}
	}
}

// TestSubscriberBehind: one that does not read for a while loses nothing as long as its queue has room, nor is it held for one that does.
func TestSubscriberBehind(t *testing.T) {
	t.Parallel()
	b := newSlowBench(t, transport.Plain, 50_000)
	b.send(20_000)
	if received := b.drain(); received != b.sent {
		t.Fatalf("received %d of %d", received, b.sent)
	}
	want := transport.LossStats{}
	if diff := cmp.Diff(want, b.p.Stats().Loss); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestBehindBesideStalled: of two that have not read for a while the one is found out that has lost something.
func TestBehindBesideStalled(t *testing.T) {
	t.Parallel()
	const queue = 1000
	b := newSlowBench(t, transport.Plain, queue)
	b.fill()
	behind := b.connect(slowTopic, 10)
	must(t, b.p.WaitSubscribed(soon(t), slowTopic, 3))
	b.send(3000)
	if got := b.p.Stats().Loss; got.Slow != 1 {
		t.Fatalf("got %+v, want one slow subscriber", got)
	}
	received := b.drain()
	must(t, behind.SetRcvtimeo(patience))
	for range 3000 {
		_, err := behind.RecvBytes(0)
		must(t, err)
	}
	checkLost(t, b.over().LostEstimate, b.sent-received, queue)
	if got := b.p.Stats().Loss.Episodes; got != 1 {
		t.Errorf("%d episodes, want that of one subscriber", got)
	}
}

// TestSlowSubscriberGoes: what one lost that has gone stays counted, and the log tells when it began and that it ended.
func TestSlowSubscriberGoes(t *testing.T) {
	t.Parallel()
	b := newSlowBench(t, transport.Secure, 100)
	b.fill()
	before := b.sent
	b.send(1000)
	var at netip.AddrPort
	for _, c := range b.p.Clients() {
		if !c.Slow.Now() {
			continue
		}
		at = c.Addr
		if c.Identity != "peer" || c.Slow.Episodes != 1 || c.Slow.Since.After(time.Now()) {
			t.Errorf("got %+v", c)
		}
	}
	if !at.IsValid() {
		t.Fatalf("no client is slow: %+v", b.p.Clients())
	}
	must(t, b.slow.Close())
	got := b.over()
	checkLost(t, got.LostEstimate, b.sent-before+50, 300) // it began somewhere in the last hundred
	var told []string
	for _, e := range b.logs.All() {
		if f := e.ContextMap(); f["peer"] == at.String() {
			told = append(told, e.Message)
			if e.Message == "subscriber that did not keep up has gone" && f["lost_estimate"] != got.LostEstimate {
				t.Errorf("got %v, want an estimate of %d", f, got.LostEstimate)
			}
		}
	}
	want := []string{"subscriber does not keep up: messages for it are lost", "subscriber that did not keep up has gone"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// TestSlowOverIPC: there it can be told that a subscriber is slow, and not what it loses.
func TestSlowOverIPC(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "ipc://*")
	s := newPeers(t).socket(zmq4.SUB)
	must(t, s.SetRcvhwm(1))
	must(t, s.SetSubscribe(""))
	must(t, s.Connect(p.Endpoint().String()))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	for p.Stats().Loss.Slow == 0 {
		must(t, p.Send(t.Context(), make([]byte, 1000)))
	}
	must(t, s.Close())
	eventually(t, "it is over", func() bool { return p.Stats().Loss.Slow == 0 })
	if got := p.Stats().Loss; got.Episodes != 1 || got.LostEstimate != 0 {
		t.Errorf("got %+v, want one episode", got)
	}
}

// TestUnheard: what is sent while nobody has subscribed is counted.
func TestUnheard(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0")
	for range 3 {
		must(t, p.Send(t.Context(), []byte("x")))
	}
	s := newPeers(t).connected(zmq4.SUB, p.Endpoint())
	must(t, s.SetSubscribe("other"))
	must(t, p.WaitSubscribed(soon(t), "other", 1))
	must(t, p.Send(t.Context(), []byte("x")))
	if got := p.Stats().Loss.Unheard; got != 3 {
		t.Errorf("%d unheard, want 3", got)
	}
}

// TestFlappingSubscriber: one that falls behind again and again is told of once, and counted.
func TestFlappingSubscriber(t *testing.T) {
	t.Parallel()
	b := newSlowBench(t, transport.Plain, 100)
	received := 0
	for range 2 {
		b.fill()
		b.send(500)
		received += b.drain()
		b.over()
	}
	got := b.p.Stats().Loss
	if got.Episodes != 2 || b.logs.Len() != 2 {
		t.Errorf("got %+v and %d lines in the log, want 2 and 2", got, b.logs.Len())
	}
	checkLost(t, got.LostEstimate, b.sent-received, 2*100)
}

// TestWelcomeForSlowSubscriber: with a welcome slow subscribers are found out all the same, and what one of them should have got as its welcome, and has no room
// for, goes to nobody else.
func TestWelcomeForSlowSubscriber(t *testing.T) {
	t.Parallel()
	const welcome = "welcome"
	b := newSlowBenchWith(t, transport.Plain, 100, &transport.Welcome{Frames: func(topic string) [][]byte {
		if topic != welcome {
			return nil
		}
		return [][]byte{[]byte(welcome)}
	}})
	b.fill()
	must(t, b.slow.SetSubscribe(welcome))
	must(t, b.p.WaitSubscribed(soon(t), welcome, 2)) // with pace, which has asked for everything
	must(t, b.p.Send(t.Context(), []byte("next")))
	if got, err := b.pace.Recv(0); err != nil || got != "next" {
		t.Errorf("got %q, %v", got, err)
	}
	before := b.sent
	b.send(500)
	if got := b.p.Stats().Loss; got.Slow != 1 || b.p.Stats().Welcomed != 1 {
		t.Errorf("got %+v and %d welcomed, want one each", got, b.p.Stats().Welcomed)
	}
	must(t, b.slow.Close())
	checkLost(t, b.over().LostEstimate, b.sent-before+50, 300)
}
