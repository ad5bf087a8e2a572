package zmq

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"golang.org/x/sys/unix"
)

// family makes one socket of each kind, connected where they can be.
func family(t *testing.T, tr *Transport) (transport.Publisher, transport.Subscriber, transport.Replier, transport.Puller) {
	t.Helper()
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	s, err := tr.Subscriber(transport.SubscriberConfig{Attribute: true})
	must(t, err)
	must(t, s.Subscribe("a"))
	must(t, s.Connect(transport.Address{Endpoint: p.Endpoint()}))
	must(t, p.WaitSubscribed(soon(t), "a", 1))
	r, err := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	l, err := tr.Puller(transport.PullerConfig{Address: transport.Address{Endpoint: endpoint(t, "tcp://127.0.0.1:9")}})
	must(t, err)
	return p, s, r, l
}

// TestNothingStays: after Close a transport leaves no descriptor and no thread behind. Not parallel: it counts them.
func TestNothingStays(t *testing.T) {
	round := func() {
		tr, err := New(Options{})
		must(t, err)
		_, _, r, _ := family(t, tr)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := tr.Request(ctx, transport.Address{Endpoint: r.Endpoint()}, nil, transport.SocketOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("Request: got %v, want %v", err, context.Canceled)
		}
		must(t, tr.Close())
	}
	round() // what the runtime keeps for itself
	files, threads := count(t, "fd"), count(t, "task")
	for range 20 {
		round()
	}
	if got := count(t, "fd"); got > files {
		t.Errorf("%d open files, were %d", got, files)
	}
	// Go keeps threads that it may need again, at most one for each call of C at a time.
	if got := count(t, "task"); got > threads+10 {
		t.Errorf("%d threads, were %d", got, threads)
	}
}

// count counts the entries of a folder of /proc/self.
func count(t *testing.T, folder string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/" + folder)
	must(t, err)
	return len(entries)
}

// TestIdle: sockets with nothing to do wake nobody. Not parallel: it counts what the whole process does.
func TestIdle(t *testing.T) {
	without := quietest(t)
	tr := newTransport(t, Options{})
	p, s, _, l := family(t, tr)
	must(t, l.Close()) // it tries to connect
	must(t, p.Send(t.Context(), []byte("a")))
	if _, err := s.Receive(soon(t)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Receive(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Receive: got %v, want %v", err, context.Canceled)
		}
	})
	eventually(t, fmt.Sprintf("%d context switches in 100 ms, as without sockets", without), func() bool {
		return switches(t, 100*time.Millisecond) <= without
	})
	cancel()
	wg.Wait()
}

// quietest is how often threads of this process go to sleep in the quietest of some intervals: now and then the runtime
// has work of its own.
func quietest(t *testing.T) int64 {
	t.Helper()
	least := int64(1 << 60)
	for range 5 {
		least = min(least, switches(t, 100*time.Millisecond))
	}
	return least
}

// switches is how often threads of this process go to sleep within d.
func switches(t *testing.T, d time.Duration) int64 {
	t.Helper()
	var before, after unix.Rusage
	must(t, unix.Getrusage(unix.RUSAGE_SELF, &before))
	time.Sleep(d)
	must(t, unix.Getrusage(unix.RUSAGE_SELF, &after))
	return after.Nvcsw - before.Nvcsw
}

// TestAllAtOnce: every method may be called while others are and while the socket is closed. With -race.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		tr := newTransport(t, Options{})
		p, s, r, l := family(t, tr)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var wg sync.WaitGroup
		loop := func(f func(i int) error) {
			wg.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					err := f(i)
					if errors.Is(err, transport.ErrClosed) {
						return
					}
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
						return
					}
					time.Sleep(time.Millisecond) // faster ones would only queue commands before libzmq's thread
				}
			})
		}
		briefly := func() context.Context {
			c, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
			context.AfterFunc(c, cancel)
			return c
		}
		to := transport.Address{Endpoint: p.Endpoint()}
		other := transport.Address{Endpoint: endpoint(t, "tcp://localhost:9")}
		loop(func(i int) error { return p.Send(ctx, fmt.Append(nil, "a ", i)) })
		loop(func(int) error { return p.WaitSubscribed(briefly(), "zzz", 1) })
		loop(func(int) error { p.Subscriptions(); return p.WaitSubscribed(ctx, "", 0) })
		loop(func(int) error { _, err := s.Receive(briefly()); return err })
		loop(func(int) error { return errors.Join(s.Connect(other), s.Disconnect(other)) })
		loop(func(int) error { return errors.Join(s.Disconnect(to), s.Connect(to)) })
		loop(func(int) error { return errors.Join(s.Reconnect(to), s.Reconnect(other)) })
		loop(func(i int) error { return errors.Join(s.Subscribe(fmt.Sprint(i%9)), s.Unsubscribe(fmt.Sprint(i%7))) })
		loop(func(int) error { s.Stats(); r.Stats(); _, err := l.Receive(briefly()); return err })
		loop(func(int) error {
			requests, err := r.Receive(briefly())
			for _, q := range requests {
				err = errors.Join(err, r.Reply(q, q.Body))
			}
			return err
		})
		for range 3 {
			loop(func(int) error {
				_, err := tr.Request(ctx, transport.Address{Endpoint: r.Endpoint()}, []byte("x"), transport.SocketOptions{})
				return err
			})
		}
		loop(func(int) error {
			q, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
			if err != nil {
				return err
			}
			return q.Close()
		})
		eventually(t, "some requests are answered", func() bool { return r.Stats().Received > 20 })
		for _, c := range []interface{ Close() error }{p, s, r, l, tr}[round:] {
			wg.Go(func() { must(t, c.Close()) })
		}
		if round > 0 {
			must(t, tr.Close())
		}
		wg.Wait()
	}
}

// TestConnectAccepts: libzmq takes what transport.ConnectEndpoint takes.
func TestConnectAccepts(t *testing.T) {
	t.Parallel()
	peers := newPeers(t)
	for _, text := range []string{
		"tcp://127.0.0.1:1", "tcp://127.0.0.1:65535", "tcp://0.0.0.0:9", "tcp://[::1]:9", "tcp://[::]:9", "tcp://[::ffff:127.0.0.1]:9",
		"tcp://[fe80::1%lo]:9", "tcp://[fe80::1%1]:9", "tcp://localhost:9", "tcp://LocalHost.:9", "ipc://a", "ipc://@a", "ipc:///tmp/ä",
		"ipc://" + string(make107()), "inproc://a", "inproc://*",
	} {
		if _, err := transport.ConnectEndpoint(text); err != nil {
			t.Errorf("ConnectEndpoint(%q): %v", text, err)
		}
		s := peers.socket(zmq4.SUB)
		if err := s.Connect(text); err != nil {
			t.Errorf("libzmq refuses %q: %v", text, err)
		}
	}
}

func make107() []byte {
	b := make([]byte, 107)
	for i := range b {
		b[i] = 'x'
	}
	return b
}
