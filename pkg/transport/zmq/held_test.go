package zmq

import (
	"bytes"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestHeld: the bound in messages follows their size.
func TestHeld(t *testing.T) {
	t.Parallel()
	h := newHeld(1<<20, 1000)
	send := func(n, size int) (changes int) {
		for range n {
			if h.sent(size) {
				changes++
			}
		}
		return changes
	}
	if n := send(100_000, 500); n > 0 || h.now != 1000 {
		t.Errorf("small messages: %d changes, %d are held", n, h.now)
	}
	if n := send(1, 1<<20); n != 1 || h.now*(1<<20)/8 > 1<<20+1<<17 {
		t.Errorf("a large one: %d changes, %d are held", n, h.now)
	}
	if send(100, 1<<20); h.now != leastHeld {
		t.Errorf("many large ones: %d are held, want %d", h.now, leastHeld)
	}
	if n := send(20_000, 500); n > 10 || h.now != 1000 {
		t.Errorf("small ones again: %d changes, %d are held", n, h.now)
	}
	if n := send(100_000, 900); n > 10 {
		t.Errorf("about the bound: %d changes", n)
	}
}

// TestSubscriberThatNeverReads: what is held for it is bounded in bytes, and it gets messages again when it reads.
func TestSubscriberThatNeverReads(t *testing.T) {
	t.Parallel()
	const most = 4 << 20
	p, err := newTransport(t, Options{}).Publisher(transport.PublisherConfig{
		Endpoint: endpoint(t, "tcp://127.0.0.1:0"), MaxHeld: most, SocketOptions: transport.SocketOptions{Queue: 20_000},
	})
	must(t, err)
	peer := dialRaw(t, p.Endpoint())
	peer.greet(property("Socket-Type", "SUB"))
	must(t, peer.send("\x01"))
	must(t, p.WaitSubscribed(soon(t), "", 1))
	frame := bytes.Repeat([]byte("m"), 28_000)
	for i := range 20_000 {
		if i%2 == 0 {
			must(t, p.Send(t.Context(), frame))
		} else {
			_, err := p.SendBatch(t.Context(), [][]byte{frame})
			must(t, err)
		}
	}
	must(t, p.Send(t.Context(), []byte("sent while there is no room")))
	// What was held comes, and the kernels of both sides had some megabytes.
	const kernels = 16 << 20
	got, buf := 0, make([]byte, 1<<20)
	for last, found := []byte("the last one"), false; !found; {
		must(t, p.Send(t.Context(), last))
		n, err := peer.Read(buf)
		must(t, err)
		if got += n; got > most+kernels {
			t.Fatalf("%d bytes were held", got)
		}
		found = bytes.Contains(buf[:n], last)
	}
	t.Log(got, "bytes")
}
