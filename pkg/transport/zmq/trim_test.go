package zmq

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// aloneVariable tells a test that it runs in a process of its own.
const aloneVariable = "ZMQ_TEST_ALONE"

// TestLargeMessagesLeaveNoMemory: messages of 10 MB, and connections that have ended, leave the process as large as it was. It looks at all that the process has, so it
// runs in one of its own.
func TestLargeMessagesLeaveNoMemory(t *testing.T) {
	if os.Getenv(aloneVariable) == "" {
		t.Parallel()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), aloneVariable+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	tr := newTransport(t, Options{})
	exchange(t, tr, 1<<10)
	debug.FreeOSMemory()
	before := residentBytes(t)
	for range 5 {
		exchange(t, tr, 10<<20)
	}
	const more = 12 << 20
	eventually(t, fmt.Sprintf("no more than %d bytes beside the %d before", more, before), func() bool {
		debug.FreeOSMemory() // Go's part
		return residentBytes(t) <= before+more
	})
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

// residentBytes is the memory that the process has now.
func residentBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	must(t, err)
	var all, resident int64
	_, err = fmt.Sscan(string(text), &all, &resident)
	must(t, err)
	return resident * int64(os.Getpagesize())
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
		{"slow, just now", time.Second, 0, trimRest * time.Second},
		{"slow, a while ago", time.Second, time.Minute, trimRest*time.Second - time.Minute},
		{"slow, long ago", time.Second, time.Hour, trimDelay},
	} {
		now := time.Now()
		if got := (&trimmer{took: tt.took, ended: now.Add(-tt.since)}).rest(now); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
