package step_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// large has so many values that decoding it once more shows in the memory that is taken.
func large(tb testing.TB) *message.Message {
	var files []string
	for i := range 500 {
		files = append(files, fmt.Sprintf(`{"uri": "ssh://h/%d", "uid": "%d"}`, i, i))
	}
	return decode(tb, `pytroll://a/b dataset u@h 2024-05-17T09:41:12 v1.01 application/json {"sensor": "viirs", "dataset": [`+strings.Join(files, ", ")+`]}`)
}

// allocated is the memory that f takes, in bytes: the least of several runs, since pools are emptied by the collector of garbage and, at random, by the race
// detector.
func allocated(f func()) float64 {
	least := uint64(math.MaxUint64)
	for range 20 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return float64(least)
}

// Steps that look at the header, or change texts alone, decode nothing; any number of others decode once. The memory that they take tells.
func TestDecodings(t *testing.T) { // not parallel: it counts what is allocated
	m := large(t)
	decoding := allocated(func() {
		if _, err := m.PlainData(); err != nil {
			t.Fatal(err)
		}
	})
	const field = `keep = { field = [{ path = "sensor", equals = "viirs" }, { path = "none", exists = false }] }`
	for _, tt := range []struct {
		name  string
		steps []string
		want  float64 // decodings
	}{
		{"nothing", []string{`max_age = "1m"`}, 0},
		{"header", []string{`keep = { subject = ["/a/**"], type = ["dataset"], user = ["u"], host = ["h"] }`, `drop = { type = ["file"] }`,
			"when = { type = [\"dataset\"] }\nrename = { prefix = { \"/a\" = \"/b\" } }", `rate_limit = { messages = 1000000, per = "1ms" }`,
			`rewrite = { sender = [{ host = "*", to = "relay" }] }`}, 0},
		{"header fails first", []string{`drop = { type = ["file"], field = [{ path = "sensor", exists = true }] }`}, 0},
		{"texts", []string{`rewrite = { uri = [{ host = "other", to = "x" }], request_address = [{ host = "*", to = "h" }] }`}, 0},
		{"one", []string{field}, 1},
		{"several", []string{field, "when = { field = [{ path = \"dataset.uid\", in = [\"499\"] }] }\nset = { sensor = \"viirs\" }", `remove = ["none"]`,
			`rewrite = { uri = [{ host = "other", to = "x" }] }`, field}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := compile(t, tt.steps...)
			got := allocated(func() {
				if r := c.Do(step.NewItem(m), now); r.Reason != "" {
					t.Fatal(r.Reason, r.Err)
				}
			})
			if got < tt.want*decoding*0.7 || got > tt.want*decoding+decoding/2 {
				t.Errorf("got %v bytes, want those of %v decodings, %v each", got, tt.want, decoding)
			}
		})
	}
}
