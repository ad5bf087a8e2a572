package security_test

import (
	"context"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// listener is a secure subscriber of numbers.
type listener struct {
	sub    transport.Subscriber
	events chan transport.Event
}

func (s site) listen(t *testing.T, tr transport.Transport, name string, to transport.Endpoint) *listener {
	t.Helper()
	sec := open(t, security.Config{
		ClientSecretKeyFile: curve.SecretPath(s.keys, name),
		ServerPublicKeyFile: curve.PublicPath(s.keys, "server"),
		HandshakeInterval:   time.Second,
	})
	l := &listener{events: make(chan transport.Event, 100)}
	sub, err := tr.Subscriber(transport.SubscriberConfig{
		SocketOptions: sec.Options(transport.SocketOptions{Queue: 1_000_000}), Events: func(e transport.Event) { l.events <- e },
	})
	must(t, err)
	t.Cleanup(func() { must(t, sub.Close()) }) // before its keys are wiped
	l.sub = sub
	must(t, sub.Subscribe(""), sub.Connect(sec.Address(transport.Address{Endpoint: to, Backend: transport.Secure})))
	return l
}

// next receives numbers.
func (l *listener) next(ctx context.Context, t *testing.T) []int {
	t.Helper()
	frames, err := l.sub.Receive(ctx)
	must(t, err)
	var numbers []int
	for _, f := range frames {
		n, err := strconv.Atoi(string(f.Body))
		must(t, err)
		numbers = append(numbers, n)
	}
	return numbers
}

// wait waits for an event of a kind.
func (l *listener) wait(ctx context.Context, t *testing.T, kind transport.EventKind) {
	t.Helper()
	for {
		select {
		case e := <-l.events:
			if e.Kind == kind {
				return
			}
		case <-ctx.Done():
			t.Fatalf("no event of kind %d", kind)
		}
	}
}

// count sends 0, 1, 2, … until ctx ends.
func count(ctx context.Context, t *testing.T, pub transport.Publisher) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		if err := pub.Send(ctx, []byte(strconv.Itoa(n))); err != nil && ctx.Err() == nil {
			t.Error(err)
			return
		}
		<-tick.C
	}
}

// A client whose key file is taken away while it receives is cut within a second, and is back when the file is; the other one misses nothing.
func TestRevocation(t *testing.T) {
	t.Parallel()
	transports := map[string]func(t *testing.T) transport.Transport{
		"zmq": func(t *testing.T) transport.Transport {
			tr, err := zmq.New(zmq.Options{Logger: zaptest.NewLogger(t)})
			must(t, err)
			return tr
		},
		"inmem": func(*testing.T) transport.Transport {
			return inmem.NewNetwork().Transport(netip.MustParseAddr("10.0.0.1"))
		},
	}
	for name, newTransport := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			s := newSite(t)
			must(t, os.Mkdir(s.clients, 0o755))
			admitKey(t, s.keys, "alice", s.clients)
			admitKey(t, s.keys, "bob", s.clients)
			sec := open(t, s.config())
			tr := newTransport(t)
			t.Cleanup(func() { must(t, tr.Close()) })
			at, err := transport.ParseEndpoint("tcp://127.0.0.1:0")
			must(t, err)
			pub, err := tr.Publisher(transport.PublisherConfig{Endpoint: at, Backend: transport.Secure, Security: sec.Server(transport.Secure),
				SocketOptions: transport.SocketOptions{Queue: 1_000_000}})
			must(t, err)
			alice, bob := s.listen(t, tr, "alice", pub.Endpoint()), s.listen(t, tr, "bob", pub.Endpoint())
			must(t, pub.WaitSubscribed(ctx, "", 2))
			var sending sync.WaitGroup
			sendCtx, stop := context.WithCancel(ctx)
			defer sending.Wait()
			defer stop()
			sending.Go(func() { count(sendCtx, t, pub) })
			alice.next(ctx, t)

			revoked := time.Now()
			must(t, os.Remove(curve.PublicPath(s.clients, "alice")))
			alice.wait(ctx, t, transport.Lost)
			if took := time.Since(revoked); took > time.Second {
				t.Errorf("cut after %s", took)
			}
			var last int
			for seen := -1; time.Since(revoked) < 2*time.Second; {
				for _, n := range bob.next(ctx, t) {
					if n != seen+1 {
						t.Fatalf("bob misses what lies between %d and %d", seen, n)
					}
					seen, last = n, n
				}
			}
			if clients := pub.Clients(); len(clients) != 1 || clients[0].Identity != "bob" {
				t.Errorf("clients: %v", clients)
			}

			admitKey(t, s.keys, "alice", s.clients)
			for again := 0; again <= last; {
				numbers := alice.next(ctx, t)
				again = numbers[len(numbers)-1]
			}
		})
	}
}
