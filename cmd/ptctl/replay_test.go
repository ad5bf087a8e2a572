package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// TestReplayClock: messages are due as far apart as they came, divided by the factor; a long gap is cut, a clock that went back stands still, and what
// was late is caught up with.
func TestReplayClock(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		clock  clock
		came   []time.Duration // after the first
		busy   time.Duration   // sending takes so long
		waited []time.Duration
	}{
		{"as it was", clock{factor: 1}, []time.Duration{0, time.Second, 3 * time.Second}, 0, []time.Duration{time.Second, 2 * time.Second}},
		{"faster", clock{factor: 4}, []time.Duration{0, time.Second, 3 * time.Second}, 0, []time.Duration{250 * time.Millisecond, 500 * time.Millisecond}},
		{"slower", clock{factor: 0.5}, []time.Duration{0, time.Second}, 0, []time.Duration{2 * time.Second}},
		{"long gap", clock{factor: 2, maxGap: 10 * time.Second}, []time.Duration{0, time.Hour, time.Hour + time.Second}, 0, []time.Duration{5 * time.Second, 500 * time.Millisecond}},
		{"clock goes back", clock{factor: 1}, []time.Duration{0, 2 * time.Second, time.Second, 4 * time.Second}, 0, []time.Duration{2 * time.Second, 0, 2 * time.Second}},
		{"late", clock{factor: 1}, []time.Duration{0, time.Second, 10 * time.Second}, 3 * time.Second, []time.Duration{-2 * time.Second, 4 * time.Second}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, now := test.clock, start
			var waited []time.Duration
			for i, came := range test.came {
				offset := c.offset(start.Add(came))
				if i > 0 {
					wait := c.wait(offset, now)
					waited = append(waited, wait)
					now = now.Add(max(wait, 0))
				}
				c.sent(offset, now)
				now = now.Add(test.busy)
			}
			if diff := cmp.Diff(test.waited, waited); diff != "" {
				t.Errorf("waited (-want +got):\n%s", diff)
			}
		})
	}
	fast := clock{}
	fast.sent(fast.offset(start), start)
	if wait := fast.wait(fast.offset(start.Add(time.Hour)), start); wait > 0 {
		t.Errorf("without a factor: waits %s", wait)
	}
}

// TestCutRecording: of a compressed recording whose writer was killed, what had been flushed is read, and that it was cut is known.
func TestCutRecording(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.jsonl.gz")
	r, err := createRecording(path, recordingMode{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := message.New("/a", "info", "hello")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.add(m, time.Now()); err != nil {
		t.Fatal(err)
	}
	r.flushLate()
	flushed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, flushed, 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := openTape(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}()
	text, err := io.ReadAll(in)
	if err != nil || int64(len(text)) != r.size() || !in.wasCut() || in.done(r.size()) != 1 {
		t.Errorf("read %q, %v, cut %t, done %v; want %d bytes, cut, all", text, err, in.wasCut(), in.done(r.size()), r.size())
	}
}

func TestAmount(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 2_345_678: "2.3 MB", 999_999: "1.0 MB", 5e15: "5000.0 TB"} {
		if got := amount(bytes); got != want {
			t.Errorf("amount(%d) = %s, want %s", bytes, got, want)
		}
	}
}
