package zmq

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// welcoming makes a publisher that gives newcomers these frames as far as their topics cover them, all or the last one.
func welcoming(t *testing.T, tr *Transport, replay bool, frames ...string) *publisher {
	t.Helper()
	p, err := tr.Publisher(transport.PublisherConfig{
		Endpoint: endpoint(t, "tcp://127.0.0.1:0"),
		Welcome: &transport.Welcome{Replay: replay, Frames: func(topic string) [][]byte {
			var under [][]byte
			for _, f := range frames {
				if bytes.HasPrefix([]byte(f), []byte(topic)) {
					under = append(under, []byte(f))
				}
			}
			return under
		}},
	})
	must(t, err)
	return p.(*publisher)
}

// expectFrames waits for these frames, and for no others among them.
func expectFrames(t *testing.T, sub *zmq4.Socket, want ...string) {
	t.Helper()
	for i, w := range want {
		got, err := sub.Recv(0)
		if err != nil || got != w {
			t.Fatalf("frame %d: got %q, %v, want %q", i, got, err, w)
		}
	}
}

// TestWelcomeOldPeers: subscriptions come as messages from peers up to ZMTP 3.0, and count alike. A peer that is cut, as those are whose subscription could not
// be told from that of others, comes back.
func TestWelcomeOldPeers(t *testing.T) {
	t.Parallel()
	for name, replay := range map[string]bool{"last": false, "replay": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, _ := newTransport(t, Options{}), newPeers(t)
			p := welcoming(t, tr, replay, "a1", "a2")
			for came := 0; ; came++ {
				err := welcomeOldPeer(t, p, replay)
				if err == nil {
					return
				}
				if came == 50 || !wasCut(err) {
					t.Fatalf("peer that came for the %dth time: %v", came+1, err)
				}
			}
		})
	}
}

// welcomeOldPeer has an old peer come to p and ask, take that back, and ask again. Errors are those of its connection.
func welcomeOldPeer(t *testing.T, p *publisher, replay bool) error {
	t.Helper()
	raw := dialRaw(t, p.Endpoint())
	defer raw.Close()
	raw.greet(property("Socket-Type", "SUB"))
	want := rawFrame(0, "a2")
	if replay {
		want = append(rawFrame(0, "a1"), want...)
	}
	got := make([]byte, len(want))
	if err := raw.send("\x01a"); err != nil {
		return err
	}
	if _, err := io.ReadFull(raw, got); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := raw.send("\x00a"); err != nil {
		return err
	}
	eventually(t, "the subscription is taken back", func() bool { return len(p.Subscriptions()) == 0 })
	if replay {
		return nil
	}
	must(t, p.Send(soon(t), []byte("a3")))
	if err := raw.send("\x01a3", "\x01a"); err != nil {
		return err
	}
	again := rawFrame(0, "a2")
	got = make([]byte, len(again))
	if _, err := io.ReadFull(raw, got); err != nil {
		return err
	}
	if !bytes.Equal(got, again) {
		t.Errorf("got %q, want %q", got, again)
	}
	return nil
}

// wasCut tells whether an error is that of a connection that the other side has cut.
func wasCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// TestWelcomeEmptyTopic: who has asked for everything gets what is sent and no idle frame (turn.go), also when nobody has asked for anything after it.
func TestWelcomeEmptyTopic(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	p := welcoming(t, tr, false)
	raw := dialRaw(t, p.Endpoint())
	raw.greet(property("Socket-Type", "SUB"))
	must(t, raw.send("\x01"))
	eventually(t, "the subscription", func() bool { return len(p.Subscriptions()) == 1 })
	for range 5 { // a millisecond later libzmq takes in commands, which idle frames are there for
		must(t, p.Send(soon(t), []byte("x")))
		time.Sleep(700 * time.Microsecond)
	}
	must(t, p.Send(soon(t), []byte("end")))
	for head := make([]byte, 2); ; {
		_, err := io.ReadFull(raw, head)
		must(t, err)
		body := make([]byte, head[1])
		_, err = io.ReadFull(raw, body)
		must(t, err)
		if string(body) == "end" {
			return
		}
		if string(body) != "x" {
			t.Fatalf("got %q", body)
		}
	}
}

// TestWelcomeVanishing: subscribers that ask and are gone at once, at the same time as others come on the descriptors that they had. libzmq forgets whom a
// subscription was from that has not been read yet; nothing of it must be used, and those who stay are served.
func TestWelcomeVanishing(t *testing.T) {
	t.Parallel()
	for name, replay := range map[string]bool{"last": false, "replay": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, peers := newTransport(t, Options{}), newPeers(t)
			p := welcoming(t, tr, replay, "a1", "b1")
			stay := subscribed(t, peers, p, "a", "b")
			expectFrames(t, stay, "a1", "b1")
			var vanishing sync.WaitGroup
			for range 4 {
				vanishing.Go(func() {
					for i := range 150 {
						raw := dialRaw(t, p.Endpoint())
						// A subscription that is taken back leaves no trace of the end of the connection behind. Errors are those of one who
						// was cut, as it may be.
						if raw.welcomeAs("SUB") == nil {
							_ = raw.send("\x01a", "\x01b", "\x00a", "\x00b", "\x01a", "\x00ab"[:2+i%2])
						}
						_ = raw.Close()
					}
				})
			}
			sent, read := 0, 0
			stop := make(chan struct{})
			var sending sync.WaitGroup
			if !replay {
				sending.Go(func() {
					for ; sent == 0 || !isOver(stop); sent++ {
						if err := p.Send(soon(t), fmt.Appendf(nil, "a%06d", sent)); err != nil {
							t.Error(err)
							return
						}
						if sent-read == 500 && !reads(t, stay, &read, sent) { // more, and the one who stays would lose some
							return
						}
						time.Sleep(200 * time.Microsecond) // so that it lasts as long as the rest
					}
				})
			}
			for i := range 100 {
				newcomer := subscribed(t, peers, p, "b")
				expectFrames(t, newcomer, "b1")
				if err := newcomer.Close(); err != nil {
					t.Errorf("newcomer %d: %v", i, err)
				}
			}
			vanishing.Wait()
			close(stop)
			sending.Wait()
			reads(t, stay, &read, sent)
			eventually(t, "only the subscriptions of the one who stays are left", func() bool {
				return slices.Equal(p.Subscriptions(), []transport.Subscription{{Topic: "a", Count: 1}, {Topic: "b", Count: 1}})
			})
		})
	}
}

// mostStrays is how many welcomes may reach one whom they were not for, of the hundreds that are given while 500 frames are read. Welcome.beforeRead tells when that
// is: where the processor is taken away, as it is on a machine with eight programs like this one, four runs of ten had one to three.
const mostStrays = 10

// reads reads the numbered frames from read on up to, and not with, end.
func reads(t *testing.T, sub *zmq4.Socket, read *int, end int) bool {
	t.Helper()
	for strays := 0; *read < end; *read++ {
		got, err := sub.Recv(0)
		for ; err == nil && (got == "a1" || got == "b1") && strays < mostStrays; strays++ {
			got, err = sub.Recv(0)
		}
		if err != nil || got != fmt.Sprintf("a%06d", *read) {
			t.Errorf("frame %d of %d: got %q, %v", *read, end, got, err)
			return false
		}
	}
	return true
}

func isOver(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// subscribed makes a subscriber of another program.
func subscribed(t *testing.T, peers *peers, p *publisher, topics ...string) *zmq4.Socket {
	t.Helper()
	sub := peers.socket(zmq4.SUB)
	must(t, sub.SetReconnectIvl(10*time.Millisecond))
	for _, topic := range topics {
		must(t, sub.SetSubscribe(topic))
	}
	must(t, sub.Connect(p.Endpoint().String()))
	return sub
}

// TestWelcomeStray: messages that are no subscriptions, which libzmq counts wrongly, don't give one's subscriptions to another. Whose these were
// can't be told, so they have to ask again.
func TestWelcomeStray(t *testing.T) {
	t.Parallel()
	for name, replay := range map[string]bool{"last": false, "replay": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zap.WarnLevel)
			tr, peers := newTransport(t, Options{Logger: zap.New(core)}), newPeers(t)
			p := welcoming(t, tr, replay, "a1", "b1", "c1")
			p.mu.Lock() // so that all that follows is read at once
			var strays []rawPeer
			for range 10 {
				raw := dialRaw(t, p.Endpoint())
				strays = append(strays, raw)
			}
			var greeting sync.WaitGroup
			for _, raw := range strays {
				greeting.Go(func() {
					raw.greet(property("Socket-Type", "SUB"))
					if err := raw.send("hello", "\x01c", "", "\x02x"); err != nil {
						t.Error(err)
					}
				})
			}
			a, b := subscribed(t, peers, p, "a"), subscribed(t, peers, p, "b")
			greeting.Wait()
			p.mu.Unlock()
			expectFrames(t, a, "a1")
			expectFrames(t, b, "b1")
			for _, raw := range strays {
				for { // until it is cut
					if _, err := raw.Read(make([]byte, 100)); err != nil {
						break
					}
				}
			}
			if told := logs.FilterFieldKey("peer").Len(); told == 0 {
				t.Error("the log does not tell who has sent what is no subscription")
			}
			eventually(t, "each has its own", func() bool {
				// One that was cut once more, since another one had left, asks again only while it is read.
				for _, sub := range []*zmq4.Socket{a, b} {
					_, _ = sub.Recv(zmq4.DONTWAIT)
				}
				return slices.Equal(p.Subscriptions(), []transport.Subscription{{Topic: "a", Count: 1}, {Topic: "b", Count: 1}})
			})
			if !replay {
				for _, f := range []string{"c2", "a2", "b2"} {
					must(t, p.Send(soon(t), []byte(f)))
				}
				expectFrames(t, a, "a2")
				expectFrames(t, b, "b2")
			}
		})
	}
}

// TestNewcomerGetsNoIdleFrame: who subscribes to all gets the welcome and nothing else, also where the processor was taken away before it was sent.
func TestNewcomerGetsNoIdleFrame(t *testing.T) {
	t.Parallel()
	p, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{
		Endpoint: endpoint(t, "tcp://127.0.0.1:0"),
		Welcome: &transport.Welcome{Frames: func(string) [][]byte {
			time.Sleep(20 * time.Millisecond)
			return [][]byte{[]byte("welcome")}
		}},
	})
	must(t, err)
	sub := newPeers(t).connected(zmq4.SUB, p.Endpoint())
	must(t, sub.SetSubscribe(""))
	expectFrames(t, sub, "welcome")
	must(t, p.Send(t.Context(), []byte("next")))
	expectFrames(t, sub, "next")
}
