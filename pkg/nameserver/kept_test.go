package nameserver

import (
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// TestFramesAreFree: what is kept of announcements and withdrawals, by the table and all that follows it, are copies of a few words, which keep no frame in memory.
func TestFramesAreFree(t *testing.T) {
	t.Parallel()
	n, k := fuzzed(t)
	const first = `pytroll://address/x info a@h 2024-05-17T09:41:12.345678 v1.01 application/json {"URI": "tcp://10.0.0.9:9000", "service": ["one", "two"], "n": 1}`
	steps := []struct{ name, old, new string }{
		{"added", "", ""},
		{"renewed", "09:41", "09:42"},
		{"changed", `"n": 1`, `"n": 2`},
		{"other services", `"two"`, `"three"`},
		{"moved", `"n": 1`, `"backend": "secure_zmq"`},
		{"withdrawn", " info ", " withdraw "},
		{"returned", "", ""},
		{"added as well", ":9000", ":9001"},
		{"refused", "tcp://", "http://"},
		{"no message", "pytroll:/", "pytroll:"},
	}
	var frames []weak.Pointer[byte]
	for _, step := range steps {
		frame := []byte(strings.Replace(first, step.old, step.new, 1))
		frames = append(frames, weak.Make(&frame[0]))
		if err := n.take(t.Context(), frame, 1, registry.Source{Addr: netip.AddrFrom4([4]byte{10, 0, 0, 9})}, registry.Group); err != nil {
			t.Fatal(err)
		}
		select {
		case nt := <-n.notices:
			if got, want := weak.Make(&nt.message.Bytes()[0]), weak.Make(&frame[0]); got != want {
				t.Fatalf("%s: the message is a copy, which nobody looks at here", step.name)
			}
			if err := k.take(t.Context(), nt, time.Now()); err != nil {
				t.Fatal(err)
			}
		default: // renewed on the way, or refused
		}
	}
	if got := n.registry.Len(); got != 2 {
		t.Errorf("%d publishers are listed, want 2", got)
	}
	runtime.GC()
	for i, frame := range frames {
		if frame.Value() != nil {
			t.Errorf("%s: the frame is still in memory", steps[i].name)
		}
	}
	runtime.KeepAlive(n)
	runtime.KeepAlive(k)
}
