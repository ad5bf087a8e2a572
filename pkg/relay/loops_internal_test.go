package relay

import (
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// The table agrees with a map that forgets nothing too early, as long as it has room.
func TestLoopTable(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	const window = 1000
	table := loopTable{window: window, most: 1 << 14}
	known := make(map[uint64]int64)
	for now := int64(1); now < 200_000; now += rnd.Int64N(3) {
		key := rnd.Uint64N(4096) * 0x9e3779b97f4a7c15 // many come again
		at, ok := known[key]
		want := ok && now-at < window
		if got := table.find(loopEntry{key: key, at: now}) != nil; got != want {
			t.Fatalf("at %d: key %x known: %v, want %v", now, key, got, want)
		}
		if !want {
			known[key] = now
		}
		if table.early > 0 {
			t.Fatalf("at %d: %d forgotten early, with room for %d", now, table.early, table.most)
		}
	}
}

// At the bound memory stays, and what came last is known.
func TestLoopTableFull(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	table := loopTable{window: 1 << 60, most: 1 << 10}
	for now := int64(1); now < 100_000; now++ {
		e := loopEntry{key: rnd.Uint64(), at: now}
		if table.find(e) != nil {
			t.Fatalf("%x is known", e.key)
		}
		if table.find(e) == nil {
			t.Fatalf("%x is not known", e.key)
		}
	}
	if want := uint64(99_999 - 1<<10); table.entries.Len() != 1<<10 || table.early < want || table.early > want+10 {
		t.Errorf("%d entries, %d forgotten early, want %d", table.entries.Len(), table.early, want)
	}
}

// So many entries as are asked for fit, but for few.
func TestLoopsEntries(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	const entries = 100_000
	l := newLoops(time.Hour, entries, zap.NewNop())
	for range entries {
		l.table.find(loopEntry{key: rnd.Uint64(), at: 1})
	}
	if got := l.early(); got > entries/1000 {
		t.Errorf("%d of %d forgotten early", got, entries)
	}
}

// However many entries there are, one more moves few of them: those of one shard.
func TestLoopTableGrowth(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	const most = 500_000
	table := loopTable{window: 1 << 60, most: most}
	buckets := 0
	for range most {
		key := rnd.Uint64()
		before := 0
		if s := table.shard(key); s != nil {
			before = len(*s)
		}
		table.find(loopEntry{key: key, at: 1})
		grown := len(*table.shard(key)) - before
		if buckets += grown; grown > shardBuckets/2 {
			t.Fatalf("a shard grew by %d buckets, want %d at most", grown, shardBuckets/2)
		}
	}
	if least, want := most/bucketLoad, 2*most/bucketLoad; buckets < least || buckets > want {
		t.Errorf("%d buckets for %d entries, want %d to %d", buckets, most, least, want)
	}
}

// What has gone out is known by the next that comes, and by nothing but that.
func TestLoopsWent(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	l := newLoops(time.Hour, 1000, zap.NewNop())
	received := func(text string) *Received {
		m, err := message.Decode([]byte("pytroll://a info u@h 2024-05-17T09:41:12 v1.01 text/ascii " + text))
		if err != nil {
			t.Fatal(err)
		}
		return &Received{Message: m, Frame: m.Bytes()}
	}
	for _, text := range []string{"x", "y"} {
		m := received(text).Message
		l.went(headOf(m), dataHash(m), now)
	}
	for text, want := range map[string]bool{"x": true, "y": true, "z": false} {
		if got := l.came(received(text), now); got != want {
			t.Errorf("%s came back: %v, want %v", text, got, want)
		}
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, 1, time.Microsecond, 7 * time.Microsecond, 8 * time.Microsecond, 9 * time.Microsecond, 15 * time.Microsecond, 16 * time.Microsecond,
		123 * time.Microsecond, 5 * time.Millisecond, time.Second, time.Hour, 300 * 24 * time.Hour} {
		low := delayOf(delayClass(d))
		if low > d || d-low > d/8+time.Microsecond {
			t.Errorf("%v is counted as %v", d, low)
		}
	}
	if got := delayOf(delayClass(-time.Hour)); got != 0 {
		t.Errorf("a delay below 0 is counted as %v", got)
	}
	if got := delayClass(1 << 62); got != delayClasses-1 {
		t.Errorf("the class of 146 years is %d, want the last", got)
	}
	var d delays
	now := time.Unix(1_000_000, 0)
	check := func(want50, want99 time.Duration) {
		t.Helper()
		got := d.quantiles(now, 0.5, 0.99)
		if got[0] != want50 || got[1] != want99 {
			t.Errorf("p50 and p99 %v, want %v and %v", got, want50, want99)
		}
	}
	add := func(delay time.Duration) { d.add([]outNote{{written: now.Add(-delay)}}, now) }
	check(0, 0)
	for i := range 100 {
		delay := 8 * time.Millisecond
		if i >= 98 {
			delay = time.Second
		}
		add(delay)
	}
	check(delayOf(delayClass(8*time.Millisecond)), delayOf(delayClass(time.Second)))
	now = now.Add(90 * time.Second)
	add(8 * time.Microsecond)
	check(delayOf(delayClass(8*time.Millisecond)), delayOf(delayClass(time.Second)))
	now = now.Add(61 * time.Second)
	check(8*time.Microsecond, 8*time.Microsecond)
	now = now.Add(time.Hour)
	check(0, 0)
}

// BenchmarkLoops is a stream of messages none of which came before, with a memory that is full.
func BenchmarkLoops(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	l := newLoops(time.Hour, DefaultLoopEntries, zap.NewNop())
	for range DefaultLoopEntries {
		l.table.find(loopEntry{key: rnd.Uint64(), at: 1})
	}
	b.ReportAllocs()
	for b.Loop() {
		if l.table.find(loopEntry{key: rnd.Uint64(), at: 1}) != nil {
			b.Fatal("it is known")
		}
	}
}
