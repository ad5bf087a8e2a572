package zmq

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestReadProgress: what waits for the rest of a frame is not what the peer has no room for.
func TestReadProgress(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	must(t, err)
	defer client.Close()
	server, err := listener.Accept()
	must(t, err)
	defer server.Close()
	raw, err := client.(*net.TCPConn).SyscallConn()
	must(t, err)
	// look sends so many bytes, of which more are to come, and returns how far the kernel has got with the connection.
	look := func(size int) (got progress) {
		t.Helper()
		must(t, raw.Control(func(fd uintptr) {
			if size > 0 {
				must(t, unix.Sendto(int(fd), make([]byte, size), unix.MSG_MORE|unix.MSG_DONTWAIT, nil))
			}
			var ok bool
			if got, ok = readProgress(int(fd)); !ok {
				t.Error("nothing is known of a connection that is there")
			}
		}))
		return got
	}
	const piece = 100
	if got := look(piece); got.unsent != 0 || got.counted && got.written != piece {
		t.Errorf("with a piece of a frame: %+v, want nothing unsent and %d bytes written", got, piece)
	}
	must(t, client.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	for err = nil; err == nil; {
		_, err = client.Write(make([]byte, 1<<20))
	}
	if got := look(0); got.unsent == 0 {
		t.Errorf("with a peer that does not read: %+v, want something unsent", got)
	}
}
