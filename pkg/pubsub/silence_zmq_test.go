package pubsub_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// proxy forwards TCP connections to an address. When it is told to stall the first one stays open, and nothing comes through any more, not even its end.
type proxy struct {
	net.Listener
	t  *testing.T
	to string

	mu      sync.Mutex
	stalled bool
	conns   []net.Conn
	copying sync.WaitGroup
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, t: t, to: to}
	p.copying.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.copying.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for first := true; ; first = false {
		in, err := p.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			p.t.Error(err)
			return
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		p.copying.Go(func() { p.forward(in, out, first) })
		p.copying.Go(func() { p.forward(out, in, first) })
	}
}

// forward copies until one side closes. Of a connection that is held it reads on, and drops what it reads.
func (p *proxy) forward(to, from net.Conn, canStall bool) {
	defer func() {
		if !canStall || !p.isStalled() {
			to.Close()
		}
	}()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if !canStall || !p.isStalled() {
			_, werr := to.Write(buf[:n])
			err = errors.Join(err, werr)
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) isStalled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stalled
}

func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = true
}

// A proxy before a publisher that forwards nothing any more, and answers as if all was well: the subscriber notices by the heartbeats, and connects anew.
func TestStalledProxy(t *testing.T) {
	t.Parallel()
	node := realNode(t)
	pub, err := node.Publisher(pubsub.PublisherOptions{Name: "test", Address: "tcp://127.0.0.1:0", Announce: pubsub.AnnounceNone})
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, strings.TrimPrefix(pub.Endpoint().String(), "tcp://"))
	lost := make(chan transport.Event, 10)
	sub, err := node.Subscriber(pubsub.SubscriberOptions{
		Addresses: pubsub.URIs("tcp://" + p.Addr().String()), Topics: []string{"/segment"}, SilenceFactor: 1,
		Events: func(e transport.Event) {
			if e.Kind == transport.Lost {
				lost <- e
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	t.Cleanup(func() {
		if err := errors.Join(sub.Close(), pub.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	receive := func(want string) {
		t.Helper()
		m, err := sub.Receive(ctx)
		if err != nil || m.Subject() != want {
			t.Fatalf("got %v, %v, want %s", m, err, want)
		}
	}
	publish := func(subject string) {
		t.Helper()
		if err := errors.Join(pub.WaitSubscribed(ctx, subject, 1), pub.Publish(ctx, subject, "info", nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(pub.WaitSubscribed(ctx, "/heartbeat/", 1), pub.Heartbeat(ctx, time.Second)); err != nil {
		t.Fatal(err)
	}
	publish("/segment/1")
	receive("/segment/1")
	begin := time.Now()
	p.stall()
	select {
	case e := <-lost:
		if took := time.Since(begin); took < 4*time.Second {
			t.Errorf("lost after %v (%s), want 5 s", took, e.Cause)
		}
	case <-ctx.Done():
		t.Fatal("nobody notices")
	}
	// That of the connection that is held, and that of the new one.
	if err := pub.WaitSubscribed(ctx, "/segment/2", 2); err != nil {
		t.Fatal(err)
	}
	publish("/segment/2")
	receive("/segment/2")
	if got := sub.Stats(); got.Silent != 1 || got.Delivered != 2 {
		t.Errorf("counters: %+v", got)
	}
}
