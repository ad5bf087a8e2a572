package zmq

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
	"golang.org/x/sys/unix"
)

// TestPiecesAreJoined: what libzmq writes in pieces of 8 kB arrives in larger ones, and as it was. A socket beside it, of a context without limits, shows in how many it would come. What is
// sent are parts of a message: libzmq has nothing before the last one is there, and then all of it, so that it need not wait for who sends.
func TestPiecesAreJoined(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0").(*publisher)
	joined := segmentsOf(t, rawSubscriber(t, p), func(parts []any) error {
		if err := p.lock(); err != nil {
			return err
		}
		defer p.mu.Unlock()
		_, err := p.zs.SendMessage(parts...)
		return err
	})
	s := newPeers(t).socket(zmq4.XPUB)
	must(t, s.Bind("tcp://127.0.0.1:*"))
	at, err := s.GetLastEndpoint()
	must(t, err)
	peer := dialRaw(t, endpoint(t, at))
	peer.greet(property("Socket-Type", "SUB"))
	must(t, peer.send("\x01"))
	expectFrames(t, s, "\x01")
	apart := segmentsOf(t, peer, func(parts []any) error {
		_, err := s.SendMessage(parts...)
		return err
	})
	if joined > apart/2 {
		t.Errorf("all came in %d segments, and in %d where nothing joins them, want half as many at most", joined, apart)
	}
}

// segmentsOf sends a long message some times, and returns in how many segments all of it has come to the peer.
func segmentsOf(t *testing.T, peer rawPeer, send func(parts []any) error) int {
	t.Helper()
	const rounds, count = 20, 500
	var parts []any
	var want strings.Builder
	for i := range count {
		body := fmt.Sprintf("%03d%s", i, strings.Repeat("x", 748))
		parts = append(parts, body)
		more := byte(1)
		if i == count-1 {
			more = 0
		}
		want.Write(rawFrame(more, body))
	}
	begin := dataSegments(t, peer.Conn)
	for range rounds {
		must(t, send(parts))
		got := make([]byte, want.Len())
		_, err := io.ReadFull(peer, got)
		must(t, err)
		if string(got) != want.String() {
			t.Fatal("what arrives is not what was sent")
		}
	}
	return dataSegments(t, peer.Conn) - begin
}

func dataSegments(t *testing.T, c net.Conn) (n int) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		must(t, err)
		n = int(info.Data_segs_in)
	}))
	return n
}

// TestNothingIsKept: the kernel keeps nothing back for what may not come, wherever frames end in the buffer of libzmq. It would do so for 200 ms.
func TestNothingIsKept(t *testing.T) {
	t.Parallel()
	const buffer, head = 8192, 9
	for name, tt := range map[string]struct{ size, count int }{
		"one that fills the buffer":   {buffer - head, 1},
		"one byte less":               {buffer - head - 1, 1},
		"one byte more":               {buffer - head + 1, 1},
		"its head alone":              {buffer - 2*head, 2},
		"a part of the second's head": {buffer - head - 4, 2},
		"several that fill it":        {buffer/4 - head, 4},
		"two buffers":                 {2*buffer - head, 1},
		"several that fill two":       {buffer/8 - head, 16},
		"large":                       {1 << 20, 3},
		"empty":                       {0, 3},
		"short":                       {255, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPublisher(t, "tcp://127.0.0.1:0")
			peer := rawSubscriber(t, p)
			body := strings.Repeat("x", tt.size)
			want := strings.Repeat(string(rawFrame(0, body)), tt.count)
			var times []time.Duration
			for range 9 {
				begin := time.Now()
				_, err := p.SendBatch(t.Context(), slices.Repeat([][]byte{[]byte(body)}, tt.count))
				must(t, err)
				got := make([]byte, len(want))
				_, err = io.ReadFull(peer, got)
				must(t, err)
				times = append(times, time.Since(begin))
				if string(got) != want {
					t.Fatal("what arrives is not what was sent")
				}
			}
			if best := slices.Min(times); best > 150*time.Millisecond {
				t.Errorf("it takes %v at best: something is kept back", best)
			}
		})
	}
}

// TestGreetingIsNotKept: a peer may wait for the first bytes of the greeting before it sends its own.
func TestGreetingIsNotKept(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, "tcp://127.0.0.1:0")
	best := time.Hour
	for range 9 {
		begin := time.Now()
		peer := dialRaw(t, p.Endpoint())
		_, err := io.ReadFull(peer, make([]byte, 10))
		must(t, err)
		best = min(best, time.Since(begin))
	}
	if best > 150*time.Millisecond {
		t.Errorf("the signature takes %v at best", best)
	}
}
