package zmq

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// accepted are connections made and accepted over loopback; with is called with the descriptor of the accepted end.
type accepted struct {
	t *testing.T
	l net.Listener
}

func newAccepted(t *testing.T) *accepted {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return &accepted{t, l}
}

func (a *accepted) accept() net.Conn {
	a.t.Helper()
	client, err := net.Dial("tcp", a.l.Addr().String())
	must(a.t, err)
	a.t.Cleanup(func() { client.Close() })
	c, err := a.l.Accept()
	must(a.t, err)
	a.t.Cleanup(func() { c.Close() })
	return c
}

func withFD(t *testing.T, c net.Conn, f func(fd int)) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { f(int(fd)) }))
}

// TestReusedDescriptor: what is known of a connection does not pass to the next one that has its descriptor.
func TestReusedDescriptor(t *testing.T) {
	t.Parallel()
	conns, a, now := newClientConns(), newAccepted(t), time.Now()
	first, second := a.accept(), a.accept()
	withFD(t, first, func(fd int) {
		id, _ := identify(fd)
		c := conns.begin(fd, id, now)
		if c.id.peer.String() != first.RemoteAddr().String() {
			t.Fatalf("got %+v, want the connection from %v", c, first.RemoteAddr())
		}
		c.topics.apply([]byte("topic"), true)
		if got := conns.subscribers(); len(got) != 1 || got[0].Topics != 1 {
			t.Errorf("subscribers are %v, want one with a topic", got)
		}
		withFD(t, second, func(other int) { must(t, unix.Dup3(other, fd, unix.O_CLOEXEC)) })
		if c.id.cut(fd) {
			t.Error("cut a connection that is another one")
		}
		if got := conns.subscribers(); len(got) != 0 {
			t.Errorf("subscribers are %v, want none", got)
		}
		id, _ = identify(fd)
		if next := conns.begin(fd, id, now); next == c || next.topics.len() != 0 || !next.id.cut(fd) {
			t.Errorf("the next connection begins with %+v, or can't be cut", next)
		}
	})
	for _, fd := range []int{-1, 1 << 20} {
		if id, ok := identify(fd); ok {
			t.Errorf("found a connection %+v with descriptor %d", id, fd)
		}
	}
}

// TestLeftOverMessage: a message that is read when its connection has gone is not taken for one of the next connection with that descriptor.
func TestLeftOverMessage(t *testing.T) {
	t.Parallel()
	conns, a, now := newClientConns(), newAccepted(t), time.Now()
	withFD(t, a.accept(), func(fd int) {
		id, _ := identify(fd)
		if conns.of(fd, 5) != nil || conns.end(fd) != nil {
			t.Error("there is a connection that nobody told of")
		}
		first := conns.begin(fd, id, now)
		if conns.of(fd, 5) != first {
			t.Error("the first message of a connection is not taken for that")
		}
		first.serial = 5
		if conns.end(fd) != first {
			t.Error("the end is that of another connection")
		}
		second := conns.begin(fd, id, now)
		if conns.of(fd, 5) != nil || conns.of(fd, 6) != second {
			t.Error("messages of the two connections are mixed up")
		}
		if third := conns.begin(fd, id, now); third == second || conns.of(fd, 7) != third {
			t.Error("a connection whose end nobody told goes on")
		}
	})
	if c := conns.begin(1<<20, connID{}, now); c == nil || c.id != (connID{}) || conns.end(1<<20) != c {
		t.Error("a connection that has gone at once is not entered")
	}
}
