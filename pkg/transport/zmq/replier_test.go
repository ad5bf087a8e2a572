package zmq

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// echo makes a replier at bind that answers each request with its parts and body.
func echo(t *testing.T, bind string, o transport.SocketOptions) transport.Replier {
	t.Helper()
	r, err := newTransport(t, Options{}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, bind), SocketOptions: o})
	must(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			requests, err := r.Receive(context.Background())
			if err != nil {
				return
			}
			for _, q := range requests {
				if err := r.Reply(q, fmt.Appendf(nil, "%d %s %s", q.Parts, q.From, q.Body)); err != nil && !errors.Is(err, transport.ErrClosed) {
					t.Errorf("Reply: %v", err)
				}
			}
		}
	}()
	t.Cleanup(func() { must(t, r.Close()); <-done })
	return r
}

func TestReplierClients(t *testing.T) {
	t.Parallel()
	r := echo(t, "tcp://127.0.0.1:0", transport.SocketOptions{})
	peers := newPeers(t)

	req := peers.connected(zmq4.REQ, r.Endpoint())
	correlated := peers.connected(zmq4.REQ, r.Endpoint())
	must(t, correlated.SetReqCorrelate(1))
	must(t, correlated.SetReqRelaxed(1))
	dealer := peers.connected(zmq4.DEALER, r.Endpoint())

	for _, tt := range []struct {
		name string
		via  *zmq4.Socket
		send []any
		want []string
	}{
		{"REQ", req, []any{"hello"}, []string{"1 127.0.0.1 hello"}},
		{"REQ, empty", req, []any{""}, []string{"1 127.0.0.1 "}},
		{"REQ, three parts", req, []any{"a", "", "b"}, []string{"3 127.0.0.1 a"}},
		{"REQ, correlated", correlated, []any{"hello"}, []string{"1 127.0.0.1 hello"}},
		{"REQ, correlated, two parts", correlated, []any{"a", "b"}, []string{"2 127.0.0.1 a"}},
		{"DEALER", dealer, []any{"", "hello"}, []string{"", "1 127.0.0.1 hello"}},
		{"DEALER with an envelope", dealer, []any{"hop1", "hop2", "", "hello"}, []string{"hop1", "hop2", "", "1 127.0.0.1 hello"}},
		{"DEALER with a long envelope", dealer, []any{strings.Repeat("x", 3000), "", "hello"}, []string{strings.Repeat("x", 3000), "", "1 127.0.0.1 hello"}},
		{"DEALER, body begins empty", dealer, []any{"", "", "b"}, []string{"", "2 127.0.0.1 "}},
	} {
		_, err := tt.via.SendMessage(tt.send...)
		must(t, err)
		got, err := tt.via.RecvMessage(0)
		must(t, err)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestReplierMalformed: what is no request is counted, and the peer that sent it still gets its answers.
func TestReplierMalformed(t *testing.T) {
	t.Parallel()
	r := echo(t, "tcp://127.0.0.1:0", transport.SocketOptions{})
	dealer := newPeers(t).connected(zmq4.DEALER, r.Endpoint())
	many := make([]any, 20)
	for i := range many {
		many[i] = "hop"
	}
	malformed := [][]any{
		{"pytroll://oper/ns request"}, // no delimiter
		{"a", "b", "c"},
		{""},                                     // nothing behind it
		{"hop", ""},                              //
		append(many, "", "too many hops"),        //
		{strings.Repeat("x", 5000), "", "bytes"}, // too long
	}
	for _, m := range malformed {
		_, err := dealer.SendMessage(m...)
		must(t, err)
	}
	_, err := dealer.SendMessage("", "good")
	must(t, err)
	got, err := dealer.RecvMessage(0)
	must(t, err)
	if diff := cmp.Diff([]string{"", "1 127.0.0.1 good"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := transport.ReplierStats{Received: 1, Malformed: uint64(len(malformed))}
	if diff := cmp.Diff(want, r.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

func TestReplierFrom(t *testing.T) {
	t.Parallel()
	for bind, want := range map[string]string{
		"tcp://*:0":      "127.0.0.1", // dual-stack, and still no ::ffff:
		"inproc://from":  "invalid IP",
		"ipc://from-ipc": "invalid IP",
		"tcp://[::1]:0":  "::1",
	} {
		if strings.Contains(bind, "::1") && !hasIPv6() {
			continue // a kernel without IPv6 has no such case
		}
		t.Run(bind, func(t *testing.T) {
			t.Parallel()
			at := strings.ReplaceAll(bind, "from-ipc", filepath.Join(t.TempDir(), "s"))
			tr := newTransport(t, Options{})
			r, err := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, at)})
			must(t, err)
			to := endpoint(t, strings.ReplaceAll(r.Endpoint().String(), "*", "127.0.0.1"))
			froms := make(chan netip.Addr, 1)
			go func() {
				requests, err := r.Receive(soon(t))
				if err != nil {
					t.Errorf("Receive: %v", err)
					return
				}
				froms <- requests[0].From
				if err := r.Reply(requests[0], nil); err != nil {
					t.Errorf("Reply: %v", err)
				}
			}()
			answer, err := tr.Request(soon(t), transport.Address{Endpoint: to}, nil, transport.SocketOptions{})
			if err != nil || len(answer) != 0 {
				t.Errorf("got %q, %v, want an empty answer", answer, err)
			}
			if got := (<-froms).String(); got != want {
				t.Errorf("from %s, want %s", got, want)
			}
		})
	}
}

// TestReplierGreedyClient: a client that asks and asks and never reads gets a few answers, and the others all of theirs.
func TestReplierGreedyClient(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	r, err := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	answer := make([]byte, 1<<20)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			requests, err := r.Receive(context.Background())
			if err != nil {
				return
			}
			for _, q := range requests {
				if err := r.Reply(q, answer); err != nil && !errors.Is(err, transport.ErrClosed) {
					t.Errorf("Reply: %v", err)
				}
			}
		}
	}()
	peers := newPeers(t)
	greedy := peers.connected(zmq4.DEALER, r.Endpoint())
	must(t, greedy.SetRcvhwm(1)) // for what it connects to from now on
	greedy = peers.socket(zmq4.DEALER)
	must(t, greedy.SetRcvhwm(1))
	must(t, greedy.Connect(r.Endpoint().String()))
	const asked = 100
	for range asked {
		_, err := greedy.SendMessage("", "more")
		must(t, err)
	}
	req := peers.connected(zmq4.REQ, r.Endpoint())
	for range 10 {
		_, err := req.Send("one", 0)
		must(t, err)
		got, err := req.RecvBytes(0)
		must(t, err)
		if len(got) != len(answer) {
			t.Errorf("got %d bytes, want %d", len(got), len(answer))
		}
	}
	eventually(t, "all requests are answered or dropped", func() bool { return r.Stats().Received == asked+10 })
	must(t, r.Close())
	<-done
	// The kernel's buffers hold some megabytes beside the queues of both sides.
	if got := r.Stats().Dropped; got < asked/2 {
		t.Errorf("%d replies dropped, want most of %d", got, asked)
	}
}

func TestReplierTooLong(t *testing.T) {
	t.Parallel()
	r := echo(t, "tcp://127.0.0.1:0", transport.SocketOptions{MaxMessage: 1000})
	peers := newPeers(t)
	long, req := peers.connected(zmq4.REQ, r.Endpoint()), peers.connected(zmq4.REQ, r.Endpoint())
	_, err := long.Send(strings.Repeat("x", 1001), 0)
	must(t, err)
	_, err = req.Send(strings.Repeat("x", 1000), 0)
	must(t, err)
	got, err := req.Recv(0)
	must(t, err)
	if len(got) != len("1 127.0.0.1 ")+1000 {
		t.Errorf("got %d bytes", len(got))
	}
	if got := r.Stats().Received; got != 1 {
		t.Errorf("%d requests received, want 1", got)
	}
}

// TestReplierKeepsNothing: what was received is not held in libzmq's memory while the program works on it, however long.
func TestReplierKeepsNothing(t *testing.T) {
	t.Parallel()
	made, err := newTransport(t, Options{}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	_, err = newPeers(t).connected(zmq4.REQ, made.Endpoint()).Send("request", 0)
	must(t, err)
	requests, err := made.Receive(soon(t))
	must(t, err)
	r := made.(*replier)
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := r.batch.len(); n > 0 || len(requests) != 1 || string(requests[0].Body) != "request" {
		t.Errorf("got %v, and %d frames are held, want a request and none", requests, n)
	}
}

// TestBusyReplierStops: a receiver that has had much to do a moment ago, and waits in another way then, ends with its context, and with the socket.
func TestBusyReplierStops(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*testing.T, transport.Replier, context.CancelFunc){
		"context": func(_ *testing.T, _ transport.Replier, cancel context.CancelFunc) { cancel() },
		"socket":  func(t *testing.T, r transport.Replier, _ context.CancelFunc) { must(t, r.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := newTransport(t, Options{}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
			must(t, err)
			req := newPeers(t).connected(zmq4.REQ, r.Endpoint())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error)
			for range 2 { // one waits for the other
				go func() {
					for {
						requests, err := r.Receive(ctx)
						if err != nil {
							ended <- err
							return
						}
						for _, q := range requests {
							if err := r.Reply(q, q.Body); err != nil {
								t.Error(err)
							}
						}
					}
				}()
			}
			for range 200 {
				_, err := req.Send("?", 0)
				must(t, err)
				gets(t, req, "?")
			}
			stop(t, r, cancel)
			for range 2 {
				if err := <-ended; !errors.Is(err, context.Canceled) && !errors.Is(err, transport.ErrClosed) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

func TestReplyOfAnother(t *testing.T) {
	t.Parallel()
	r := echo(t, "tcp://127.0.0.1:0", transport.SocketOptions{})
	for _, token := range []any{nil, "x", 5} {
		if err := r.Reply(transport.Request{Token: token}, nil); err == nil {
			t.Errorf("reply with token %v: want an error", token)
		}
	}
}

// TestRequestMultipartAnswer: an answer of several frames is an error, not the first of them.
func TestRequestMultipartAnswer(t *testing.T) {
	t.Parallel()
	rep, at := newPeers(t).bound(zmq4.REP)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := rep.RecvMessage(0); err != nil {
			t.Errorf("REP: %v", err)
		}
		if _, err := rep.SendMessage("one", "two", "3", "4", "5", "6"); err != nil {
			t.Errorf("REP: %v", err)
		}
	}()
	_, err := newTransport(t, Options{}).Request(soon(t), transport.Address{Endpoint: at}, []byte("?"), transport.SocketOptions{})
	if err == nil || !strings.Contains(err.Error(), "answer of 6 frames: want 1") {
		t.Errorf("got %v, want an error that tells of 6 frames", err)
	}
	<-done
}

func TestRequestUnresolvable(t *testing.T) {
	t.Parallel()
	to := transport.Address{Endpoint: endpoint(t, "tcp://no-such-host.invalid:9000")}
	_, err := newTransport(t, Options{}).Request(soon(t), to, nil, transport.SocketOptions{})
	if err == nil || !strings.Contains(err.Error(), "no-such-host.invalid") {
		t.Errorf("got %v, want an error that names the host", err)
	}
}
