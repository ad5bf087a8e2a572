package nameserver

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
)

// hearFrame takes a frame as those who read do, and has the keeper carry it out. It reports whether it was recognised.
func hearFrame(t testing.TB, n *Nameserver, k *keeper, frame string, now time.Time) (known bool) {
	t.Helper()
	from := registry.Source{Addr: netip.AddrFrom4([4]byte{10})}
	if err := n.take(t.Context(), []byte(frame), 1, from, registry.Group); err != nil {
		t.Fatal(err)
	}
	select {
	case nt := <-n.notices:
		if err := k.take(t.Context(), nt, now); err != nil {
			t.Fatal(err)
		}
		return nt.known
	default:
		return false
	}
}

// TestRecognised: an announcement that differs in its time alone is known; one that differs in anything else is read.
func TestRecognised(t *testing.T) {
	t.Parallel()
	const first = `pytroll://address/x info a@h 2024-05-17T09:41:12.345678 v1.01 application/json {"URI": "tcp://10.0.0.9:9000", "service": ["x"], "n": 1}`
	tests := []struct{ name, old, new string }{
		{"subject", "/x info", "/y info"},
		{"sender", "a@h", "b@h"},
		{"version", "v1.01", "v1.02"},
		{"address", ":9000", ":9001"},
		{"service", `["x"]`, `["y"]`},
		{"another key", `"n": 1`, `"n": 2`},
		{"blank", `"n": 1`, `"n":  1`},
		{"no UTF-8", `"n": 1`, "\"n\": \"\xe9\""},
		{"other writing", `"URI": `, `"URI":`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, k := fuzzed(t)
			now := time.Now()
			later := strings.Replace(first, "09:41:12", "09:42:12", 1)
			for i, frame := range []string{first, first, later} {
				if known := hearFrame(t, n, k, frame, now); known != (i > 0) {
					t.Fatalf("%q is known: %v", frame, known)
				}
			}
			if other := strings.Replace(first, tt.old, tt.new, 1); hearFrame(t, n, k, other, now) {
				t.Errorf("%q is taken for %q", other, first)
			}
		})
	}
}

// TestRecognisedTime: what cannot be read is refused, also when all else is known.
func TestRecognisedTime(t *testing.T) {
	t.Parallel()
	n, k := fuzzed(t)
	frame := string(benchFrame(1))
	now := time.Now()
	hearFrame(t, n, k, frame, now)
	if hearFrame(t, n, k, strings.Replace(frame, "2024-05-17T", "2024-05-77T", 1), now) {
		t.Error("taken with no time")
	}
	if refused := n.Stats().Refused; len(refused) != 1 {
		t.Errorf("refused: %v", refused)
	}
}

// TestRecognisedTooLate: what was recognised is read after all when the table has changed until its turn.
func TestRecognisedTooLate(t *testing.T) {
	t.Parallel()
	n, k := fuzzed(t)
	now := time.Now()
	frame := benchFrame(1)
	hearFrame(t, n, k, string(frame), now)
	from := registry.Source{Addr: netip.AddrFrom4([4]byte{10})}
	if err := n.take(t.Context(), frame, 1, from, registry.Group); err != nil {
		t.Fatal(err)
	}
	nt := <-n.notices
	if !nt.known {
		t.Fatal("not known")
	}
	if err := n.registry.Withdraw("tcp://10.0.0.1:9000", from, now); err != nil {
		t.Fatal(err)
	}
	if err := k.note(t.Context(), nt, now); err != nil {
		t.Fatal(err)
	}
	if got := n.Stats(); n.registry.Len() != 1 || got.Returned != 1 {
		t.Errorf("%d listed, %d returned", n.registry.Len(), got.Returned)
	}
}
