package zmq

import (
	"testing"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// TestDescriptorTakenOver: a connection may get the descriptor of one before it whose end, and its own beginning, nobody has read of when its first message is there. That
// message is in nobody's name then, and those that come later in its own.
func TestDescriptorTakenOver(t *testing.T) {
	t.Parallel()
	tr := newTransport(t, Options{})
	before, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	after, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0"), Welcome: &transport.Welcome{
		Frames: func(string) [][]byte { return [][]byte{[]byte("first")} },
	}})
	must(t, err)
	s, _ := subscriberTo(t, tr, transport.SubscriberConfig{Attribute: true}, before.Endpoint())
	must(t, before.WaitSubscribed(soon(t), "", 1))
	must(t, before.Send(t.Context(), []byte("before")))
	receive := func(body string, from transport.Endpoint) {
		t.Helper()
		frames, err := s.Receive(soon(t))
		must(t, err)
		if len(frames) != 1 || string(frames[0].Body) != body || frames[0].From != from {
			t.Fatalf("got %v, want %q from %v", frames, body, from)
		}
	}
	receive("before", before.Endpoint())

	c := s.(*subscriber).connector
	c.mu.Lock()
	l := &link{addr: transport.Address{Endpoint: after.Endpoint()}, cancel: func() {}}
	c.links[after.Endpoint()] = l
	must(t, c.attach(l, target(after.Endpoint())))
	// Whatever descriptor the new connection gets, it was that of the one before.
	old := c.conns[target(before.Endpoint())]
	var taken []int
	for fd := range int(min(fileLimit(), 1<<20)) {
		if c.owners.byFD[fd] == nil {
			c.owners.begin(fd, old)
			taken = append(taken, fd)
		}
	}
	eventually(t, "its first message is read", func() bool { return c.readBatch() || c.in.some() })
	for _, fd := range taken {
		c.owners.end(fd, old)
	}
	c.unlock()
	receive("first", transport.Endpoint{})
	if s.Pending() {
		t.Error("there is more than was sent")
	}
	must(t, after.Send(t.Context(), []byte("second")))
	receive("second", after.Endpoint())
}
