//go:build linux

package zmq

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestFlightAllows: shares of what may be in flight.
func TestFlightAllows(t *testing.T) {
	t.Parallel()
	f := flight{max: 100}
	for _, tt := range []struct {
		name              string
		total, held, size int64
		want              bool
	}{
		{"all is taken", 95, 0, 10, false},
		{"the first reply", 90, 0, 10, true},
		{"up to half", 40, 40, 10, true},
		{"over half", 45, 45, 10, false},
		{"in the last quarter, with less than is free", 75, 10, 10, true},
		{"in the last quarter, with more than is free", 75, 20, 10, false},
		{"two of them leave something", 75, 25, 10, false},
	} {
		if got := f.allows(tt.total, tt.held, tt.size); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestFlightSources: those who have nothing in flight are forgotten.
func TestFlightSources(t *testing.T) {
	t.Parallel()
	f, err := newFlight(0)
	must(t, err)
	defer f.close()
	for i := range 10 * minFlights {
		if _, ok := f.take(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), []byte{byte(i >> 8), byte(i)}, countedReply); !ok {
			t.Fatal("there is no room")
		}
	}
	if len(f.sources.of) > minFlights || len(f.clients.of) > minFlights {
		t.Errorf("%d sources and %d clients are known, want %d at most", len(f.sources.of), len(f.clients.of), minFlights)
	}
	if in, ok := f.take(netip.Addr{}, nil, countedReply-1); !ok || in != (accounts{}) {
		t.Error("a small reply is counted")
	}
}

// TestRepliesInFlight: clients of one address that never read do not take the memory, nor what others need of it, and give back what they had.
func TestRepliesInFlight(t *testing.T) {
	t.Parallel()
	const most, size = 20 << 20, 1 << 20
	tr := newTransport(t, Options{})
	r, err := tr.Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), MaxInFlight: most})
	must(t, err)
	defer r.Close()
	answer := make([]byte, size)
	var peak int64 // what was in flight: part of that the kernel takes a moment later
	replies := func(n int) {
		for n > 0 {
			requests, err := r.Receive(soon(t))
			must(t, err)
			for _, q := range requests {
				must(t, r.Reply(q, answer))
				if peak = max(peak, r.Stats().InFlight); peak > most {
					t.Fatalf("%d bytes are in flight, want %d at most", peak, most)
				}
			}
			n -= len(requests)
		}
	}
	ask := func(from string, n int) rawPeer {
		peer := dialFrom(t, from, r.Endpoint())
		must(t, peer.Conn.(*net.TCPConn).SetReadBuffer(16<<10))
		peer.greet(property("Socket-Type", "DEALER"))
		_, err := peer.Write([]byte(strings.Repeat(string(rawFrame(1, ""))+string(rawFrame(0, "more")), n)))
		must(t, err)
		return peer
	}
	var greedy []rawPeer
	for range 50 {
		greedy = append(greedy, ask("127.0.0.1", 10))
	}
	replies(len(greedy) * 10)
	s := r.Stats()
	if peak > most/2 || peak < most/4 {
		t.Errorf("%d bytes were in flight, want no more than %d, and not much less", peak, most/2)
	}
	if s.Overflow == 0 || s.Overflow > s.Dropped {
		t.Errorf("%d replies were over the limit, of %d", s.Overflow, s.Dropped)
	}
	modest := ask("127.0.0.2", 1)
	replies(1)
	if _, err := io.CopyN(io.Discard, modest, size); err != nil {
		t.Errorf("others get no answer: %v", err)
	}
	for _, peer := range greedy {
		must(t, peer.Close())
	}
	receiving, cancel := context.WithCancel(t.Context())
	defer cancel()
	received := make(chan error, 1)
	go func() {
		_, err := r.Receive(receiving)
		received <- err
	}()
	testbed.WaitFor(t, "nothing to be in flight", func() bool { return r.Stats().InFlight == 0 })
	cancel()
	if err := <-received; !errors.Is(err, context.Canceled) {
		t.Errorf("Receive: %v, want it to have waited", err)
	}
}

// TestRepliesOfOneClient: a client that asks and never reads has few long replies in flight.
func TestRepliesOfOneClient(t *testing.T) {
	t.Parallel()
	const size, asked = 1 << 20, 40
	r, err := newTransport(t, Options{}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	defer r.Close()
	peer := dialRaw(t, r.Endpoint())
	must(t, peer.Conn.(*net.TCPConn).SetReadBuffer(16<<10))
	peer.greet(property("Socket-Type", "DEALER"))
	_, err = peer.Write([]byte(strings.Repeat(string(rawFrame(1, ""))+string(rawFrame(0, "more")), asked)))
	must(t, err)
	answer := make([]byte, size)
	for answered := 0; answered < asked; {
		requests, err := r.Receive(soon(t))
		must(t, err)
		for _, q := range requests {
			must(t, r.Reply(q, answer))
			if got := r.Stats().InFlight; got > mostOfClient*size {
				t.Fatalf("%d bytes are in flight, want %d at most", got, mostOfClient*size)
			}
		}
		answered += len(requests)
	}
	// The kernel's buffers take some of them.
	if s := r.Stats(); s.Dropped < asked/2 || s.Overflow != 0 {
		t.Errorf("%d replies dropped and %d over the limit of all, want most of %d and none", s.Dropped, s.Overflow, asked)
	}
}
