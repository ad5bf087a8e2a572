package inmem_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/inmem"
)

func parse(t *testing.T, s string) netip.Addr {
	t.Helper()
	addr, err := netip.ParseAddr(s)
	must(t, err)
	return addr
}

type result struct {
	answer string
	err    error
}

// ask asks in the background.
func ask(t *testing.T, from *inmem.Transport, ep, question string, timeout time.Duration) <-chan result {
	t.Helper()
	to := address(t, ep)
	done := make(chan result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		answer, err := from.Request(ctx, to, []byte(question), transport.SocketOptions{})
		done <- result{string(answer), err}
	}()
	return done
}

func TestRequest(t *testing.T) {
	for _, tt := range []struct {
		name, bind, connect, from string
		client                    int
	}{
		{"other host", "tcp://*:5557", "tcp://10.0.0.1:5557", "10.0.0.2", 1},
		{"own address", "tcp://*:5557", "tcp://10.0.0.1:5557", "10.0.0.1", 0},
		{"loopback", "tcp://*:5557", "tcp://localhost:5557", "127.0.0.1", 0},
		{"ipc", "ipc:///run/x", "ipc:///run/x", "invalid IP", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				_, a, b := hosts(t)
				r := replier(t, a, tt.bind)
				done := ask(t, []*inmem.Transport{a, b}[tt.client], tt.connect, "who?", time.Second)
				requests, err := r.Receive(t.Context())
				must(t, err)
				want := []transport.Request{{Body: []byte("who?"), Parts: 1}}
				if diff := cmp.Diff(want, requests, cmpopts.IgnoreFields(transport.Request{}, "Token", "From")); diff != "" {
					t.Fatalf("requests (-want +got):\n%s", diff)
				}
				if got := requests[0].From.String(); got != tt.from {
					t.Errorf("from %s, want %s", got, tt.from)
				}
				must(t, r.Reply(requests[0], []byte("me")))
				if got := <-done; got.err != nil || got.answer != "me" {
					t.Errorf("got %+v", got)
				}
				must(t, r.Reply(requests[0], []byte("me too")))
				if diff := cmp.Diff(transport.ReplierStats{Received: 1, Dropped: 1}, r.Stats()); diff != "" {
					t.Errorf("stats (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRequestWaitsForItsReplier(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		n, a, b := hosts(t)
		n.Cut(addrA)
		done := ask(t, b, "tcp://10.0.0.1:5557", "who?", time.Minute)
		time.Sleep(30 * time.Second) // of the bubble: the request is older than its replier
		r := replier(t, a, "tcp://*:5557")
		n.Heal(addrA)
		requests, err := r.Receive(t.Context())
		must(t, err)
		must(t, r.Reply(requests[0], []byte("me")))
		if got := <-done; got.err != nil || got.answer != "me" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestRequestGivesUp(t *testing.T) {
	const wait = 5 * time.Second
	for name, end := range map[string]func(*testing.T, *inmem.Network, transport.Replier, transport.Request){
		"no answer":      func(*testing.T, *inmem.Network, transport.Replier, transport.Request) {},
		"replier closed": func(t *testing.T, _ *inmem.Network, r transport.Replier, _ transport.Request) { must(t, r.Close()) },
		"cut and healed": func(t *testing.T, n *inmem.Network, r transport.Replier, req transport.Request) {
			n.Cut(addrA)
			n.Heal(addrA)
			must(t, r.Reply(req, []byte("lost")))
			if got := r.Stats().Dropped; got != 1 {
				t.Errorf("dropped %d, want 1", got)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				n, a, b := hosts(t)
				r := replier(t, a, "tcp://*:5557")
				began := time.Now()
				done := ask(t, b, "tcp://10.0.0.1:5557", "who?", wait)
				requests, err := r.Receive(t.Context())
				must(t, err)
				end(t, n, r, requests[0])
				got := <-done
				if !errors.Is(got.err, context.DeadlineExceeded) || time.Since(began) != wait {
					t.Errorf("got %v after %s, want a timeout after %s", got.err, time.Since(began), wait)
				}
			})
		})
	}
}

func TestRequestErrors(t *testing.T) {
	t.Parallel()
	_, a, _ := hosts(t)
	secure := transport.Address{Endpoint: endpoint(t, "tcp://10.0.0.1:9000"), Backend: transport.Secure}
	if _, err := a.Request(t.Context(), secure, nil, transport.SocketOptions{}); !errors.Is(err, transport.ErrNoKeys) {
		t.Errorf("got %v, want %v", err, transport.ErrNoKeys)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.Request(ctx, address(t, "tcp://10.0.0.1:9000"), nil, transport.SocketOptions{})
	if want := "request to tcp://10.0.0.1:9000: context canceled"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLateReplyIsDropped(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		r := replier(t, a, "tcp://*:5557")
		done := ask(t, b, "tcp://10.0.0.1:5557", "who?", time.Second)
		<-done
		requests, err := r.Receive(t.Context())
		must(t, err)
		must(t, r.Reply(requests[0], []byte("me")))
		if got := r.Stats().Dropped; got != 1 {
			t.Errorf("dropped %d, want 1", got)
		}
	})
}

func TestRepliesToStrangersAreErrors(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		r, other := replier(t, a, "tcp://*:5557"), replier(t, a, "tcp://*:5558")
		ask(t, b, "tcp://10.0.0.1:5557", "who?", time.Second)
		requests, err := r.Receive(t.Context())
		must(t, err)
		if err := other.Reply(requests[0], nil); err == nil {
			t.Error("another socket's request was answered")
		}
		if err := r.Reply(transport.Request{}, nil); err == nil {
			t.Error("no request was answered")
		}
	})
}

func TestRequestParts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, a, b := hosts(t)
		r := replier(t, a, "tcp://*:5557")
		go func() {
			_, err := b.RequestParts(t.Context(), address(t, "tcp://10.0.0.1:5557"), [][]byte{[]byte("a"), []byte("b")})
			if !errors.Is(err, transport.ErrClosed) {
				t.Errorf("got %v, want %v", err, transport.ErrClosed)
			}
		}()
		requests, err := r.Receive(t.Context())
		must(t, err)
		if got := requests[0]; string(got.Body) != "a" || got.Parts != 2 {
			t.Errorf("got %q of %d parts, want the first of 2", got.Body, got.Parts)
		}
		must(t, b.Close())
		synctest.Wait()
	})
}
