package nameserver

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

var (
	start = time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC)
	hostX = netip.MustParseAddr("10.0.0.2")
	hostY = netip.MustParseAddr("10.0.0.3")
)

// many are addresses that are all different.
func many(i int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(i)+11<<24)
	return netip.AddrFrom4(b)
}

func TestBucket(t *testing.T) {
	t.Parallel()
	r := rate{perSecond: 10, burst: 20}
	var b bucket
	now := start
	taken := func(want int) {
		t.Helper()
		n := 0
		for b.allow(r, now) {
			n++
		}
		if n != want {
			t.Errorf("%d tokens, want %d", n, want)
		}
	}
	taken(20)
	now = now.Add(time.Second)
	taken(10)
	now = now.Add(50 * time.Millisecond)
	taken(0)
	now = now.Add(50 * time.Millisecond)
	taken(1)
	now = now.Add(-time.Hour) // never with the clock that we use, and yet nothing comes of it
	taken(0)
	now = now.Add(2 * time.Hour)
	taken(20)
}

// TestBucketsAreBounded: however many hosts come, memory is bounded, and those that are known keep their own.
func TestBucketsAreBounded(t *testing.T) {
	t.Parallel()
	r := rate{perSecond: 1, burst: 2}
	now := start
	b := newBuckets[netip.Addr](1000)
	take := func(addr netip.Addr) bool { return b.of(addr, r, now).allow(r, now) }
	take(hostX)
	for i := range 100_000 {
		if i%1000 == 0 {
			now = now.Add(time.Millisecond)
		}
		take(many(i))
	}
	if len(b.all) > 1000 {
		t.Errorf("%d buckets", len(b.all))
	}
	if !take(hostX) || take(hostX) {
		t.Error("a known host has lost its own, or has another's")
	}
	if take(many(1_000_000)) {
		t.Error("those that there is no room for share one, which is empty")
	}
	now = now.Add(time.Minute)
	if !take(many(1_000_000)) || len(b.all) > 10 {
		t.Errorf("%d buckets after a while", len(b.all))
	}
}

func TestHostOf(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"10.0.0.1": "10.0.0.1", "::ffff:10.0.0.1": "10.0.0.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "fe80::1%eth0": "fe80::",
	} {
		if got := hostOf(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s: got %s, want %s", addr, got, want)
		}
	}
	if got := hostOf(netip.Addr{}); got.IsValid() {
		t.Errorf("no address is %s", got)
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	q, now := newQuota(), start
	use := func(from netip.Addr, wantOver, wantShared bool) {
		t.Helper()
		if over, shared := q.use(from, 1, 10, now); over != wantOver || shared != wantShared {
			t.Errorf("%s: over %v, shared %v, want %v, %v", from, over, shared, wantOver, wantShared)
		}
	}
	for range 40 {
		use(hostX, false, false)
	}
	for range 1000 {
		use(hostX, true, false)
	}
	use(hostY, false, true)
	use(hostX, true, true)
	now = now.Add(1500 * time.Millisecond) // what was too much is forgiven but for a second's worth
	for range 5 {
		use(hostX, false, true)
	}
	use(hostX, true, true)
	now = now.Add(time.Second)
	use(hostX, false, false) // the other one has gone
	if over, shared := q.use(hostX, 1e6, 0, now); over || shared {
		t.Error("0 is no limit")
	}
}

// TestDivide: requests beyond the quota come last, and are declined when many wait, if others do so, too.
func TestDivide(t *testing.T) {
	t.Parallel()
	requests := func(from netip.Addr, n int) []transport.Request {
		all := make([]transport.Request, n)
		for i := range all {
			all[i].From = from
		}
		return all
	}
	type counts struct{ within, beyond, crowded int }
	for _, tt := range []struct {
		name  string
		batch []transport.Request
		want  counts
	}{
		{"few", requests(hostX, 40), counts{40, 0, 0}},
		{"alone", requests(hostX, 1000), counts{40, 960, 0}},
		{"alone, and far too many", requests(hostX, 1024), counts{40, 984, 984}},
		{"with another, few wait", append(requests(hostX, 62), requests(hostY, 1)...), counts{41, 22, 0}},
		{"with another, many wait", append(requests(hostY, 1), requests(hostX, 63)...), counts{41, 23, 23}},
	} {
		within, beyond := divide(newQuota(), tt.batch, asker, 10, start)
		got := counts{within: len(within), beyond: len(beyond)}
		for _, c := range beyond {
			if c.crowded {
				got.crowded++
			}
			if c.From != hostX {
				t.Errorf("%s: %s is beyond its quota", tt.name, c.From)
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestLinesOfOnePublisher: one that comes and goes all the time has its part of the log, and leaves that of its host to the others there.
func TestLinesOfOnePublisher(t *testing.T) {
	t.Parallel()
	l, now := newLines(), start
	allowed := func(uri string, n int) (got int) {
		for range n {
			if l.allow("a", uri, hostX, now) {
				got++
			}
		}
		return got
	}
	var got []int
	got = append(got, allowed("tcp://h:1", 5000), allowed("tcp://h:2", 5000))
	others := 0
	for i := range 2000 {
		others += allowed(fmt.Sprint("tcp://other:", i), 1)
	}
	now = now.Add(time.Minute)
	got = append(got, others, allowed("tcp://h:1", 100))
	if diff := cmp.Diff([]int{20, 20, 960, 1}, got); diff != "" {
		t.Errorf("lines of one, another, all others, and the first after a minute (-want +got):\n%s", diff)
	}
	if n, want := l.byKind()["a"], uint64(4980+4980+1040+99); n != want {
		t.Errorf("%d left out, want %d", n, want)
	}
}

// TestLines: each host has its part of the log, all together theirs, and what was left out is told of once a minute.
func TestLines(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	log := zap.New(core)
	l, now := newLines(), start
	allowed := func(from netip.Addr, n int) (got int) {
		for range n {
			if l.allow("a", "", from, now) {
				got++
			}
		}
		return got
	}
	if got := allowed(hostX, 3000); got != 1000 {
		t.Errorf("%d lines of one host", got)
	}
	if got := allowed(hostY, 10); got != 10 {
		t.Errorf("%d lines of another", got)
	}
	if !l.allow("b", "", hostX, now) {
		t.Error("no line of another kind")
	}
	total := 1010
	for i := range 100 {
		total += allowed(many(i), 1000)
	}
	if total != 5000 {
		t.Errorf("%d lines in all", total)
	}
	for range 3 {
		l.summary(log, now)
	}
	now = now.Add(time.Second)
	allowed(hostX, 100)
	l.summary(log, now)
	if due := l.due(); !due.Equal(start.Add(lineSummary)) {
		t.Errorf("due at %s", due)
	}
	now = start.Add(lineSummary)
	l.summary(log, now)
	var told []uint64
	for _, line := range logs.All() {
		told = append(told, line.ContextMap()["count"].(uint64))
	}
	if diff := cmp.Diff([]uint64{98_010, 99}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if due := l.due(); !due.IsZero() {
		t.Errorf("due at %s", due)
	}
	if diff := cmp.Diff(map[string]uint64{"a": 98_109}, l.byKind()); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}
