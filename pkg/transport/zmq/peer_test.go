package zmq

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// patience bounds each wait. It is met only where something is broken.
const patience = 30 * time.Second

// peers makes raw ZeroMQ sockets, as other programs have them, in a context of their own.
type peers struct {
	t   *testing.T
	ctx *zmq4.Context
}

func newPeers(t *testing.T) *peers {
	t.Helper()
	ctx, err := zmq4.NewContext()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ctx.Term(); err != nil {
			t.Error(err)
		}
	})
	return &peers{t, ctx}
}

// socket makes a socket that waits no longer than patience, and closes it at the end.
func (p *peers) socket(kind zmq4.Type) *zmq4.Socket {
	p.t.Helper()
	s, err := p.ctx.NewSocket(kind)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, zmq4.ErrorSocketClosed) {
			p.t.Error(err)
		}
	})
	must(p.t, s.SetLinger(0))
	must(p.t, s.SetRcvtimeo(patience))
	must(p.t, s.SetSndtimeo(patience))
	return s
}

func (p *peers) connected(kind zmq4.Type, to transport.Endpoint) *zmq4.Socket {
	p.t.Helper()
	s := p.socket(kind)
	must(p.t, s.Connect(to.String()))
	return s
}

// bound binds a socket to a free port.
func (p *peers) bound(kind zmq4.Type) (*zmq4.Socket, transport.Endpoint) {
	p.t.Helper()
	s := p.socket(kind)
	must(p.t, s.Bind("tcp://127.0.0.1:*"))
	text, err := s.GetLastEndpoint()
	must(p.t, err)
	return s, endpoint(p.t, strings.TrimRight(text, "\x00"))
}

// garbage accepts connections on a port and lets serve handle them.
func garbage(t *testing.T, serve func(net.Conn)) (at transport.Endpoint, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
		}
	}()
	stop = func() { l.Close(); <-done }
	t.Cleanup(stop)
	return endpoint(t, "tcp://"+l.Addr().String()), stop
}

func endpoint(t testing.TB, s string) transport.Endpoint {
	t.Helper()
	e, err := transport.ParseEndpoint(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// soon ends with the test, or when patience does.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until ok is true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	testbed.WaitFor(t, what, ok)
}

// subscriberTo makes a subscriber to everything of the publishers at these endpoints. Its events go to the channel.
func subscriberTo(t *testing.T, tr *Transport, cfg transport.SubscriberConfig, at ...transport.Endpoint) (transport.Subscriber, <-chan transport.Event) {
	t.Helper()
	events := make(chan transport.Event, 1000)
	cfg.Events = func(e transport.Event) { events <- e }
	s, err := tr.Subscriber(cfg)
	must(t, err)
	must(t, s.Subscribe(""))
	for _, e := range at {
		must(t, s.Connect(transport.Address{Endpoint: e}))
	}
	return s, events
}

// expectEvents waits for events of these kinds, and returns the last one.
func expectEvents(t *testing.T, events <-chan transport.Event, kinds ...transport.EventKind) transport.Event {
	t.Helper()
	var e transport.Event
	for _, want := range kinds {
		select {
		case e = <-events:
			if e.Kind != want {
				t.Fatalf("got event %d of %v (%s), want %d", e.Kind, e.Peer, e.Cause, want)
			}
		case <-soon(t).Done():
			t.Fatalf("no event, want %d", want)
		}
	}
	return e
}

// receiveAll waits for n frames.
func receiveAll(t *testing.T, r interface {
	Receive(context.Context) ([]transport.Frame, error)
}, n int) []string {
	t.Helper()
	var got []string
	for len(got) < n {
		frames, err := r.Receive(soon(t))
		if err != nil {
			t.Fatalf("after %d of %d frames: %v", len(got), n, err)
		}
		for _, f := range frames {
			got = append(got, string(f.Body))
		}
	}
	return got
}
