package zmq

import (
	"bytes"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestKept: while the program is away, large frames stay in libzmq's memory. They are the program's own when it has them, in the order in which they came.
func TestKept(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	s, _ := subscriberTo(t, tr, transport.SubscriberConfig{Attribute: true}, p.Endpoint())
	must(t, p.WaitSubscribed(soon(t), "", 1))
	sizes := []int{0, 10, 300, keptBytes, keptBytes + 1, 18_000, maxBatchBytes + 1}
	frame := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, sizes[i%len(sizes)]) }
	const rounds = 30
	n := rounds * len(sizes)
	send := func() {
		t.Helper()
		before := s.Stats().Received
		for i := range n {
			must(t, p.Send(t.Context(), frame(i)))
		}
		eventually(t, "all is read", func() bool { return s.Stats().Received == before+uint64(n) })
	}
	send()
	in := s.(*subscriber).in
	if got, want := countKept(in), 3*rounds; got != want {
		t.Errorf("%d frames are in libzmq's memory, want %d", got, want)
	}
	var all []transport.Frame
	for len(all) < n {
		frames, err := s.Receive(soon(t))
		must(t, err)
		size := 0
		for _, f := range frames[:len(frames)-1] {
			size += len(f.Body)
		}
		if size > chunkBytes {
			t.Errorf("%d bytes and one more frame were handed over at once", size)
		}
		all = append(all, frames...)
	}
	send() // over what libzmq has taken back
	for i, f := range all {
		if !bytes.Equal(f.Body, frame(i)) {
			t.Fatalf("frame %d of %d bytes is not what was sent, %d bytes", i, len(f.Body), len(frame(i)))
		}
		if f.From != p.Endpoint() {
			t.Fatalf("frame %d came from %v, want %v", i, f.From, p.Endpoint())
		}
	}
	must(t, s.Close())
	if n := countKept(in); n > 0 || in.some() {
		t.Errorf("%d frames are left in libzmq's memory after Close", n)
	}
}

func countKept(b *inbox) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.chunks {
		n += len(c.kept)
	}
	return n
}
