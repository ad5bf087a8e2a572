package zmq

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// aloneVariable tells a test that it runs in a process of its own.
const aloneVariable = "ZMQ_TEST_ALONE"

// TestLargeMessagesLeaveNoMemory: messages of 10 MB, and connections that have ended, leave the C library with little.
func TestLargeMessagesLeaveNoMemory(t *testing.T) {
	if !alone(t) {
		return
	}
	tr := newTransport(t, Options{})
	for range 5 {
		exchange(t, tr, 10<<20)
	}
	if arenaBytes(t) == 0 {
		t.Fatal("no heap of a thread was found")
	}
	const most = 12 << 20
	eventually(t, fmt.Sprintf("no more than %d bytes in heaps of the C library", most), func() bool { return arenaBytes(t) <= most })
}

// alone runs the test in a process of its own, in which it is true, and on amd64, where what the C library has is told from all else by its address.
func alone(t *testing.T) bool {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("what the C library has is not told from all else")
	}
	if os.Getenv(aloneVariable) != "" {
		return true
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), aloneVariable+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// TestTrimAfterEnds: the end of a connection is seen by sockets of each kind, also where nobody asks who may come in.
func TestTrimAfterEnds(t *testing.T) {
	if !alone(t) {
		return
	}
	looks := make(chan struct{}, 100)
	tr := newTransport(t, Options{Trimmed: func() { looks <- struct{}{} }})
	at := endpoint(t, "tcp://127.0.0.1:0")
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: at})
	must(t, err)
	r, err := tr.Replier(transport.ReplierConfig{Endpoint: at})
	must(t, err)
	guarded, err := tr.Publisher(transport.PublisherConfig{Endpoint: at, Security: transport.ServerSecurity{Gate: &askedGate{}}})
	must(t, err)
	for name, at := range map[string]transport.Endpoint{"publisher": p.Endpoint(), "replier": r.Endpoint(), "with a gate": guarded.Endpoint()} {
		t.Run(name, func(t *testing.T) {
			peer := dialRaw(t, at)
			peer.greet()
			must(t, peer.Close())
			awaitLook(t, looks)
		})
	}
}

// awaitLook waits until the C library has looked for free memory.
func awaitLook(t *testing.T, looks <-chan struct{}) {
	t.Helper()
	select {
	case <-looks:
	case <-time.After(15 * time.Second): // sooner than another look after the one before
		t.Error("the C library was not told to look for free memory")
	}
}

// exchange sends messages of some size from a publisher to a subscriber, and closes both.
func exchange(t *testing.T, tr *Transport, size int) {
	t.Helper()
	p, err := tr.Publisher(transport.PublisherConfig{Endpoint: endpoint(t, "tcp://127.0.0.1:0")})
	must(t, err)
	s, err := tr.Subscriber(transport.SubscriberConfig{})
	must(t, err)
	must(t, s.Subscribe(""))
	must(t, s.Connect(transport.Address{Endpoint: p.Endpoint()}))
	must(t, p.WaitSubscribed(t.Context(), "", 1))
	body := []byte(strings.Repeat("x", size))
	for range 10 {
		must(t, p.Send(t.Context(), body))
	}
	for got := 0; got < 10; {
		frames, err := s.Receive(t.Context())
		must(t, err)
		got += len(frames)
	}
	must(t, s.Close())
	must(t, p.Close())
}

// arenaSize is that of the heaps of glibc's threads, which begin at multiples of it.
const arenaSize = 64 << 20

// arenaBytes is the memory in the heaps of the C library's threads.
func arenaBytes(t *testing.T) int64 {
	t.Helper()
	return mappedBytes(t, func(begin uint64) bool { return begin%arenaSize == 0 })
}

// mappedBytes is the memory that the C library has mapped, where its begin counts: what Go has, and the race detector, is none of it.
func mappedBytes(t *testing.T, counts func(begin uint64) bool) (total int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	must(t, err)
	const mapped = 0x7e << 40 // where the system puts what is mapped, and Go and the race detector have nothing
	counted := false
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if low, _, found := strings.Cut(fields[0], "-"); found {
			begin, err := strconv.ParseUint(low, 16, 64)
			must(t, err)
			counted = len(fields) == 5 && fields[1] == "rw-p" && begin >= mapped && counts(begin)
		}
		if counted && fields[0] == "Rss:" {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			must(t, err)
			total += kilobytes << 10
		}
	}
	return total
}

// TestTrimSoon: a look that took long puts the next one off, and only by what is left of its rest.
func TestTrimSoon(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		took, since time.Duration
		want        time.Duration
	}{
		{"quick", time.Millisecond, 0, trimDelay},
		{"slow, just now", 20 * time.Millisecond, 0, 4 * time.Second},
		{"slow, a while ago", 20 * time.Millisecond, time.Second, 3 * time.Second},
		{"slow, long ago", 20 * time.Millisecond, time.Hour, trimDelay},
		{"very slow", time.Second, 0, mostTrimRest},
	} {
		now := time.Now()
		if got := (&trimmer{took: tt.took, ended: now.Add(-tt.since)}).rest(now); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestTrimLate: a connection that ends has the C library look twice, since libzmq may free what it had long after; several at the same time do no more.
func TestTrimLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int64
		var trim trimmer
		trim.call(new(Transport), func() { looks.Add(1) })
		for round, want := range []int64{2, 4} {
			trim.soon()
			trim.soon()
			time.Sleep(trimDelay)
			synctest.Wait()
			if looks := looks.Load(); looks != want-1 {
				t.Errorf("round %d: %d looks after %v, want %d", round, looks, trimDelay, want-1)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if looks := looks.Load(); looks != want {
				t.Errorf("round %d: %d looks in the end, want %d", round, looks, want)
			}
		}
		// Those who end again and again have it look after the last one.
		synctest.Wait()
		looks.Store(0)
		for range 10 {
			trim.soon()
			time.Sleep(trimLate / 2)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if looks := looks.Load(); looks != 11 {
			t.Errorf("%d looks, want 11", looks)
		}
	})
}

// TestTrimMeanwhile: what ends while the C library looks has it look again soon.
func TestTrimMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int64
		var trim trimmer
		trim.call(new(Transport), func() {
			if looks.Add(1) == 1 {
				trim.soon()
			}
		})
		trim.soon()
		time.Sleep(2 * trimDelay)
		synctest.Wait()
		if looks := looks.Load(); looks != 2 {
			t.Errorf("%d looks after %v, want 2", looks, 2*trimDelay)
		}
		time.Sleep(trimLate) // no timer is left behind
	})
}
