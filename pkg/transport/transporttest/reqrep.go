package transporttest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

func testRequest(t *testing.T, b *bench) {
	r := b.replier()
	if r.Endpoint().Port() == 0 {
		t.Errorf("bound to %s: want the real port", r.Endpoint())
	}
	wait := b.background(func() {
		requests, err := r.Receive(b.context())
		if err != nil || len(requests) != 1 {
			t.Errorf("Receive: %d requests, %v", len(requests), err)
			return
		}
		q := requests[0]
		if string(q.Body) != "who?" || q.Parts != 1 || q.From != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("got %q in %d parts from %v", q.Body, q.Parts, q.From)
		}
		if err := r.Reply(q, []byte("me")); err != nil {
			t.Errorf("Reply: %v", err)
		}
	})
	got, err := b.Request(b.context(), address(r), []byte("who?"), transport.SocketOptions{})
	if err != nil || string(got) != "me" {
		t.Errorf("got %q, %v, want me", got, err)
	}
	wait()
	if got := r.Stats(); got.Received != 1 || got.Dropped != 0 {
		t.Errorf("stats %+v: want one received", got)
	}
}

func testRequestsAtOnce(t *testing.T, b *bench) {
	r := b.replier()
	b.answer(r)
	var waits []func()
	for i := range 20 {
		waits = append(waits, b.background(func() {
			for j := range 5 {
				q := fmt.Sprint(i, " ", j)
				got, err := b.Request(b.context(), address(r), []byte(q), transport.SocketOptions{})
				if err != nil || string(got) != "re: "+q {
					t.Errorf("request %s: got %q, %v", q, got, err)
				}
			}
		}))
	}
	for _, wait := range waits {
		wait()
	}
}

func testRequestWithoutPeer(t *testing.T, b *bench) {
	r := b.replier()
	b.must(r.Close())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got, err := b.Request(ctx, address(r), []byte("x"), transport.SocketOptions{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %q, %v, want %v", got, err, context.DeadlineExceeded)
	}
	if err != nil && !strings.Contains(err.Error(), r.Endpoint().String()) {
		t.Errorf("error %q does not name %s", err, r.Endpoint())
	}
	if _, err := b.Request(t.Context(), transport.Address{}, nil, transport.SocketOptions{}); err == nil {
		t.Error("request to nowhere: want an error")
	}
}

func testRequestWaitsForPeer(t *testing.T, b *bench) {
	r := b.replier()
	at := r.Endpoint()
	b.must(r.Close())
	wait := b.background(func() {
		got, err := b.Request(b.context(), transport.Address{Endpoint: at}, []byte("x"), transport.SocketOptions{})
		if err != nil || string(got) != "re: x" {
			t.Errorf("got %q, %v", got, err)
		}
	})
	r, err := b.Replier(transport.ReplierConfig{Endpoint: at})
	b.must(err)
	b.answer(r)
	wait()
}

// testReplyToNobody: a reply to a client that has gone is dropped, counted, and no error.
func testReplyToNobody(t *testing.T, b *bench) {
	r := b.replier()
	ctx, cancel := context.WithCancel(t.Context())
	wait := b.background(func() {
		if _, err := b.Request(ctx, address(r), []byte("x"), transport.SocketOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("Request: got %v, want %v", err, context.Canceled)
		}
	})
	requests, err := r.Receive(b.context())
	if err != nil || len(requests) != 1 {
		t.Fatalf("Receive: %d requests, %v", len(requests), err)
	}
	cancel()
	wait()
	b.eventually("a reply is dropped", func() bool {
		b.must(r.Reply(requests[0], []byte("too late")))
		return r.Stats().Dropped > 0
	})
}

func testBindConflict(t *testing.T, b *bench) {
	p := b.publisher(Any)
	_, pubErr := b.Publisher(transport.PublisherConfig{Endpoint: p.Endpoint()})
	_, repErr := b.Replier(transport.ReplierConfig{Endpoint: p.Endpoint()})
	for name, err := range map[string]error{"publisher": pubErr, "replier": repErr} {
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s: got %v, want %v", name, err, syscall.EADDRINUSE)
			continue
		}
		for _, part := range []string{p.Endpoint().String(), "address already in use"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q does not name %q", name, err, part)
			}
		}
	}
}

func testPortRange(t *testing.T, b *bench) {
	cfg := transport.PublisherConfig{Endpoint: b.endpoint(Any), MinPort: 0, MaxPort: 0}
	p, err := b.Publisher(cfg)
	b.must(err)
	if port := p.Endpoint().Port(); port < 49152 || port > 65535 {
		t.Errorf("port %d: want one of 49152 to 65535", port)
	}
	cfg.MinPort, cfg.MaxPort = p.Endpoint().Port(), p.Endpoint().Port()+1
	if _, err := b.Publisher(cfg); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a range of one port that is taken: got %v, want %v", err, syscall.EADDRINUSE)
	}
	b.must(p.Close())
	again, err := b.Publisher(cfg)
	b.must(err)
	if again.Endpoint() != p.Endpoint() {
		t.Errorf("got %s, want %s", again.Endpoint(), p.Endpoint())
	}
	for _, r := range [][2]int{{2, 2}, {3, 2}, {-1, 5}, {1, 65537}} {
		cfg.MinPort, cfg.MaxPort = r[0], r[1]
		if _, err := b.Publisher(cfg); err == nil {
			t.Errorf("port range %v: want an error", r)
		}
	}
}
