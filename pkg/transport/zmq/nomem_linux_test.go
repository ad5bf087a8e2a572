package zmq

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"golang.org/x/sys/unix"
)

// TestReplyWithoutMemory: a reply for which there is no memory is dropped and counted, and what comes next goes to whom it is for. Not parallel: the limit is that of the
// process.
func TestReplyWithoutMemory(t *testing.T) {
	r, err := newTransport(t, Options{}).Replier(transport.ReplierConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	defer func() { must(t, r.Close()) }()
	peers := newPeers(t)
	a, b := peers.connected(zmq4.DEALER, r.Endpoint()), peers.connected(zmq4.DEALER, r.Endpoint())
	ask := func(s *zmq4.Socket) transport.Request {
		t.Helper()
		_, err := s.SendMessage("", "question")
		must(t, err)
		requests, err := r.Receive(soon(t))
		must(t, err)
		return requests[0]
	}

	q := ask(a)
	huge := nobodysBytes(t, 1<<30)
	withMemory(t, 512<<20, func() { must(t, r.Reply(q, huge)) })
	if got := r.Stats().Dropped; got != 1 {
		t.Errorf("%d replies were dropped, want 1", got)
	}

	must(t, r.Reply(ask(b), []byte("for B")))
	must(t, r.Reply(ask(a), []byte("for A")))
	for _, tt := range []struct {
		s    *zmq4.Socket
		want string
	}{{b, "for B"}, {a, "for A"}} {
		got, err := tt.s.RecvMessage(0)
		must(t, err)
		if diff := cmp.Diff([]string{"", tt.want}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// nobodysBytes are bytes that take no memory and can't be read.
func nobodysBytes(t *testing.T, n int) []byte {
	t.Helper()
	b, err := unix.Mmap(-1, 0, n, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	must(t, err)
	t.Cleanup(func() { must(t, unix.Munmap(b)) })
	return b
}

// withMemory calls f while the process can't have more than n bytes in addition.
func withMemory(t *testing.T, n uint64, f func()) {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	must(t, err)
	var pages, was = uint64(0), unix.Rlimit{}
	_, err = fmt.Sscan(string(statm), &pages)
	must(t, err)
	must(t, unix.Getrlimit(unix.RLIMIT_AS, &was))
	must(t, unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: pages*uint64(os.Getpagesize()) + n, Max: was.Max}))
	defer func() { must(t, unix.Setrlimit(unix.RLIMIT_AS, &was)) }()
	f()
}
