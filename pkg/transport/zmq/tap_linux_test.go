package zmq

import (
	"net"
	"os"
	"sync/atomic"
	"testing"
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
	must(t, peer.Close())
	must(t, file.Close())
	must(t, c.Close())
	eventually(t, "64 bytes and the end have come", func() bool { return tp.received() == 65 })
	tp.end()
	tp.end()
	if got := taps.Load(); got != 0 || tp.received() != unknown {
		t.Errorf("after its end %d taps are open and %d bytes received, want 0 and unknown", got, tp.received())
	}
}
