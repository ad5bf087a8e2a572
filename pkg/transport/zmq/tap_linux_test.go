package zmq

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestTap: what a peer had sent is known after its connection and ours are closed; of other descriptors nothing is.
func TestTap(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	file, err := c.(*net.TCPConn).File()
	must(t, err)
	fd := int(file.Fd())
	target := "tcp://" + l.Addr().String()

	var taps atomic.Int64
	var tp tap
	if got := tp.received(); got != unknown {
		t.Errorf("before it is open: %d bytes", got)
	}
	other, err := os.Open(os.DevNull)
	must(t, err)
	defer other.Close()
	for name, wrong := range map[string]int{"closed": 1 << 20, "a file": int(other.Fd())} {
		if tp.begin(wrong, target, &taps); tp.received() != unknown {
			t.Errorf("%s: %d bytes", name, tp.received())
		}
	}
	if tp.begin(fd, "tcp://127.0.0.1:1", &taps); tp.received() != unknown {
		t.Errorf("another target: %d bytes", tp.received())
	}
	taps.Store(maxTaps)
	if tp.begin(fd, target, &taps); tp.received() != unknown {
		t.Errorf("one too many: %d bytes", tp.received())
	}
	taps.Store(0)

	tp.begin(fd, target, &taps)
	if got := taps.Load(); got != 1 {
		t.Errorf("%d taps are open, want 1", got)
	}
	peer, err := l.Accept()
	must(t, err)
	_, err = peer.Write(make([]byte, 64))
	must(t, err)
	must(t, file.Close())
	must(t, c.Close())
	if !tp.isOpen() {
		t.Error("the peer has not closed the connection")
	}
	must(t, peer.Close())
	var others atomic.Int64
	tp.count(&others)
	tp.count(&others)
	if of, by := taps.Load(), others.Load(); of != 0 || by != 1 {
		t.Errorf("counted by %d and %d, want 0 and 1", of, by)
	}
	eventually(t, "64 bytes and the end have come", func() bool { return tp.received() == 65 })
	if tp.isOpen() {
		t.Error("the peer has closed the connection")
	}
	taps.Store(maxTaps)
	if tp.count(&taps); tp.received() != unknown || others.Load() != 0 || taps.Load() != maxTaps {
		t.Errorf("one too many of the others: %d bytes, counted by %d and %d", tp.received(), others.Load(), taps.Load())
	}
	taps.Store(0)
	tp.end()
	tp.end()
	if got := taps.Load(); got != 0 || tp.received() != unknown {
		t.Errorf("after its end %d taps are open and %d bytes received, want 0 and unknown", got, tp.received())
	}
}

// TestTapsOfWaitingRequests: who waits for an answer takes no tap from those that have a handshake.
func TestTapsOfWaitingRequests(t *testing.T) {
	t.Parallel()
	r, err := newTransport(t, Options{}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	defer r.Close()
	tr := newTransport(t, Options{})
	const requests = 5
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	defer waiting.Wait()
	defer cancel()
	for range requests {
		waiting.Go(func() {
			if _, err := tr.Request(ctx, transport.Address{Endpoint: r.Endpoint()}, []byte("?"), transport.SocketOptions{}); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
	for came := 0; came < requests; {
		got, err := r.Receive(ctx)
		must(t, err)
		came += len(got)
	}
	eventually(t, "no tap is open of those for handshakes", func() bool { return tr.taps.Load() == 0 })
	cancel()
	waiting.Wait()
	if handshakes, answers := tr.taps.Load(), tr.answerTaps.Load(); handshakes != 0 || answers != 0 {
		t.Errorf("%d and %d taps are open at the end", handshakes, answers)
	}
}
