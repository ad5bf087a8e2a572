package zmq

import (
	"testing"
	"time"
)

func TestRetryDelay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		failures int
		around   time.Duration
	}{{0, time.Second}, {1, time.Second}, {2, 2 * time.Second}, {5, 16 * time.Second}, {6, 30 * time.Second}, {1 << 40, 30 * time.Second}} {
		for range 100 {
			if got := retryDelay(tt.failures); got < tt.around*3/4 || got > tt.around*5/4 {
				t.Errorf("retryDelay(%d) = %v, want %v, a quarter more or less", tt.failures, got, tt.around)
			}
		}
	}
}

func TestReconnectMax(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{1: time.Second, 100: time.Second, 500: 5 * time.Second, 10_000: 30 * time.Second} {
		if got := reconnectMax(n); got != want {
			t.Errorf("reconnectMax(%d) = %v, want %v", n, got, want)
		}
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"tcp://127.0.0.1:1":          "tcp://127.0.0.1:1",
		"tcp://[::ffff:127.0.0.1]:1": "tcp://127.0.0.1:1",
		"tcp://[0:0::1]:1":           "tcp://[::1]:1",
		"tcp://[fe80::1%lo]:1":       "tcp://[fe80::1%lo]:1",
		"tcp://localhost:1":          "",
		"ipc:///a":                   "ipc:///a",
		"inproc://a":                 "inproc://a",
	} {
		if got := target(endpoint(t, in)); got != want {
			t.Errorf("target(%s) = %q, want %q", in, got, want)
		}
	}
}

// TestOwners: a descriptor that two connections have had one after the other tells nothing until the messages of the
// first are read.
func TestOwners(t *testing.T) {
	t.Parallel()
	var o owners
	a, b := &conn{}, &conn{target: "b"}
	if got := o.of(7); got != nil {
		t.Errorf("unknown descriptor: got %v", got)
	}
	o.begin(7, a)
	o.end(7, a)
	if got := o.of(7); got != a {
		t.Errorf("after its end: got %v, want the connection whose messages may still come", got)
	}
	o.begin(7, b)
	if got := o.of(7); got != nil {
		t.Errorf("two connections: got %v, want none", got)
	}
	o.end(7, b)
	o.drained(1)
	if got := o.of(7); got != b {
		t.Errorf("after draining: got %v, want the second connection", got)
	}
	o.drained(1)
	if got := o.of(7); got != nil || len(o.byFD) != 0 || len(o.ended) != 0 {
		t.Errorf("at the end: got %v, %v", got, o)
	}
}
