package step_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

func TestRateLimit(t *testing.T) {
	t.Parallel()
	c := compile(t, `rate_limit = { messages = 2, per = "10s", max_subjects = 2 }`)
	for i, s := range []struct {
		subject string
		after   time.Duration
		want    step.Reason
	}{
		{"/a", 0, ""}, {"/a", 0, ""}, {"/a", 0, step.RateLimited},
		{"/b", 0, ""},
		{"/a", 5*time.Second - 1, step.RateLimited},
		{"/a", 5 * time.Second, ""},
		{"/a", 0, step.RateLimited}, // a clock set back stands still
		{"/a", time.Hour, ""}, {"/a", time.Hour, ""}, {"/a", time.Hour, step.RateLimited},
		{"/b", time.Hour, ""},
		{"/c", time.Hour, ""}, // /a is forgotten
		{"/a", time.Hour, ""},
		{"/c", time.Hour, ""}, {"/c", time.Hour, step.RateLimited},
	} {
		m := decode(t, "pytroll:/"+s.subject+" file a@b 2024-05-17T09:41:12 v1.01")
		if got := c.Do(step.NewItem(m), now.Add(s.after)); got.Reason != s.want {
			t.Errorf("message %d: got %q, want %q", i+1, got.Reason, s.want)
		}
	}
}

// The subjects of all the world take no more memory than the manual says.
func TestRateLimitMemory(t *testing.T) { // not parallel: it measures the heap
	const most = 100_000
	c := compile(t, `rate_limit = { messages = 1, max_subjects = `+strconv.Itoa(most)+` }`)
	before := heap()
	for i := range 3 * most {
		m := decode(t, "pytroll://"+strconv.Itoa(i)+" file a@b 2024-05-17T09:41:12 v1.01")
		if got := c.Do(step.NewItem(m), now); got.Reason != "" {
			t.Fatalf("message %d: %s", i, got.Reason)
		}
	}
	each := (heap() - before) / most
	t.Logf("%d bytes for each subject", each)
	if each > 200 {
		t.Errorf("%d bytes for each subject, want 200 at most", each)
	}
	runtime.KeepAlive(c)
}

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
