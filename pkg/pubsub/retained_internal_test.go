package pubsub

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func frame(subject, data string) []byte {
	return []byte("pytroll:/" + subject + " file a@b 2024-05-17T09:41:12.345678 v1.01 text/ascii " + data)
}

func newTestRetained(b LastMessage) *retained { return newRetained(b.withDefaults()) }

// lastUnder is the data of the message that a subscriber to topic gets; empty: none.
func lastUnder(r *retained, topic string) string {
	frames := r.under("pytroll:/" + topic)
	if len(frames) == 0 {
		return ""
	}
	return string(frames[0][strings.LastIndexByte(string(frames[0]), ' ')+1:])
}

func TestRetainedUnder(t *testing.T) {
	t.Parallel()
	r := newTestRetained(LastMessage{})
	for _, f := range [][]byte{
		frame("/a/b", "1"), frame("/a/c", "2"), frame("/a/b", "3"), frame("/a", "4"), frame("/ab", "5"), frame("x", "6"),
		frame("/heartbeat/x", "7"), []byte("pytroll://a/b beat a@b 2024-05-17T09:41:12 v1.01 application/json {}"), []byte("junk"), nil,
		[]byte("pytroll:/"), []byte("pytroll:/ file"), []byte("pytroll://a/b"),
	} {
		r.add(f)
	}
	got := make(map[string]string)
	for _, topic := range []string{"", "/", "/a", "/a/", "/a/b", "/a/c", "/ab", "x", "/heartbeat", "/b", "/a/b/c", "/a/b file"} {
		got[topic] = lastUnder(r, topic)
	}
	want := map[string]string{
		"": "6", "/": "5", "/a": "5", "/a/": "3", "/a/b": "3", "/a/c": "2", "/ab": "5", "x": "6",
		"/heartbeat": "", "/b": "", "/a/b/c": "", "/a/b file": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("newest by topic (-want +got):\n%s", diff)
	}
	if n, size := r.stats(); n != 5 || size != 5*int64(len(frame("/a/b", "1")))-6 {
		t.Errorf("%d messages of %d bytes are kept", n, size)
	}
}

// TestRetainedLikeSearch: whatever comes and goes, what is found is what looking at each finds.
func TestRetainedLikeSearch(t *testing.T) {
	t.Parallel()
	const most = 50
	r := newTestRetained(LastMessage{Subjects: most})
	random := rand.New(rand.NewPCG(1, 2))
	var order []string // subjects by the time of their last message, the oldest first
	for i := range 20_000 {
		subject := fmt.Sprintf("/%d/%d", random.IntN(12), random.IntN(12))
		r.add(frame(subject, subject+"#"+fmt.Sprint(i)))
		order = append(without(order, subject), subject)
		order = order[max(0, len(order)-most):]
		topic := fmt.Sprintf("/%d", random.IntN(12))
		if random.IntN(3) == 0 {
			topic += fmt.Sprintf("/%d", random.IntN(12))
		}
		want := ""
		for _, s := range order {
			if strings.HasPrefix(s, topic) {
				want = s
			}
		}
		if random.IntN(4) > 0 {
			continue // so that messages gather that the tree does not know yet
		}
		if got, _, _ := strings.Cut(lastUnder(r, topic), "#"); got != want {
			t.Fatalf("round %d: newest under %s is %q, want %q", i, topic, got, want)
		}
	}
}

func without(all []string, s string) []string {
	var rest []string
	for _, other := range all {
		if other != s {
			rest = append(rest, other)
		}
	}
	return rest
}

func TestRetainedBounds(t *testing.T) {
	t.Parallel()
	size := int64(len(frame("/1", "1")))
	r := newTestRetained(LastMessage{Subjects: 3, Bytes: 2 * size})
	for i := range 9 {
		r.add(frame(fmt.Sprintf("/%d", i), fmt.Sprint(i)))
	}
	r.add(frame("/7", "a"))
	r.add(frame("/huge", strings.Repeat("x", int(2*size)))) // more than there is room for: the others stay
	if n, bytes := r.stats(); n != 2 || bytes != 2*size {
		t.Errorf("%d messages of %d bytes are kept, want 2 of %d", n, bytes, 2*size)
	}
	if got := lastUnder(r, "/6") + lastUnder(r, "/7") + lastUnder(r, "/8"); got != "a8" {
		t.Errorf("kept %q, want those that came last", got)
	}
}

func TestRetainedMaxAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newTestRetained(LastMessage{MaxAge: time.Minute})
		r.add(frame("/old", "old"))
		time.Sleep(40 * time.Second)
		r.add(frame("/new", "new"))
		if got := lastUnder(r, "/old"); got != "old" {
			t.Errorf("after 40 s: %q, want it still", got)
		}
		time.Sleep(21 * time.Second)
		if old, all := lastUnder(r, "/old"), lastUnder(r, "/"); old != "" || all != "new" {
			t.Errorf("after 61 s: %q and %q, want the new one alone", old, all)
		}
		if n, _ := r.stats(); n != 1 {
			t.Errorf("%d messages are kept, want 1", n)
		}
	})
}

func TestReplayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplayed(Replay{Messages: 4, Time: time.Minute}.withDefaults())
		for i := range 10 {
			r.add(frame(fmt.Sprintf("/%d", i%2), fmt.Sprint(i)))
			r.add(frame("/heartbeat/x", "beat"))
			time.Sleep(time.Second)
		}
		expectReplay(t, r, "", "6", "7", "8", "9")
		expectReplay(t, r, "/1", "7", "9")
		expectReplay(t, r, "/2")
		time.Sleep(58 * time.Second) // 8 was sent 60 seconds ago
		expectReplay(t, r, "", "8", "9")
		time.Sleep(time.Hour)
		if n, size := r.stats(); n != 0 || size != 0 || len(r.frames) != 0 {
			t.Errorf("%d messages of %d bytes are kept, in room for %d: want none", n, size, len(r.frames))
		}
		r.bounds.Bytes = 3 * int64(len(frame("/0", "0")))
		for i := range 10 {
			r.add(frame("/0", fmt.Sprint(i)))
		}
		r.add(frame("/0", strings.Repeat("x", int(r.bounds.Bytes))))
		expectReplay(t, r, "", "7", "8", "9")
	})
}

func expectReplay(t *testing.T, r *replayed, topic string, want ...string) {
	t.Helper()
	var got []string
	for _, f := range r.under("pytroll:/" + topic) {
		got = append(got, string(f[strings.LastIndexByte(string(f), ' ')+1:]))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("replay of %q (-want +got):\n%s", topic, diff)
	}
}

// BenchmarkRetained measures 10,000 subjects: a message, and a subscription of one who means harm, by what it covers.
func BenchmarkRetained(b *testing.B) {
	const subjects = 10_000
	r := newTestRetained(LastMessage{})
	var frames [][]byte
	for i := range subjects {
		frames = append(frames, frame(fmt.Sprintf("/segment/%03d/%d", i%100, i), "x"))
		r.add(frames[i])
	}
	b.Run("message", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r.add(frames[i*7919%subjects])
		}
	})
	b.Run("key", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			_, _ = retainedKey(frames[i*7919%subjects])
		}
	})
	for name, topic := range map[string]string{"all": "pytroll://", "some": "pytroll://segment/0", "one": "pytroll://segment/050/50", "none": "pytroll://x"} {
		b.Run("subscription/"+name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				r.add(frames[i*7919%subjects])
				r.under(topic)
			}
		})
	}
}
