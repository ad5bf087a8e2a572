package message_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// TestWithChangedTexts: texts are changed in their places, and all else stays as it came.
func TestWithChangedTexts(t *testing.T) {
	t.Parallel()
	const head = "pytroll://a file a@b 2024-05-17T09:41:12 v1.2 application/json "
	for name, tt := range map[string]struct{ data, want string }{
		"all but those that stay":        {`{"a": "x",  "b":["x", {"c": "x"}, "stay"], "n": 1e2 }`, `{"a": "a:x",  "b":["b/:x", {"c": "b//c:x"}, "stay"], "n": 1e2 }`},
		"escapes":                        {`{"\u0061": "\u0078\/", "b": "\u00e5"}`, `{"\u0061": "a:x/", "b": "b:\u00e5"}`},
		"what can't be decoded":          {`{"a": "x"`, ""},
		"a key twice":                    {`{"a": "x", "a": "y"}`, ""},
		"a key twice, unchanged":         {`{"a": "stay", "a": "y"}`, `{"a": "stay", "a": "a:y"}`},
		"many keys":                      {`{"a": "x", "b": "x", "c": "x", "d": "x", "e": "x", "a": 1}`, ""},
		"very many keys":                 {manyTexts("x", 300, `"k299": 1`), ""},
		"very many keys, once each":      {manyTexts("x", 300, `"end": 1`), manyTexts("", 300, `"end": 1`)},
		"half a pair, which no text has": {`{"a": "\ud800"}`, `{"a": "a:\ufffd"}`},
		"no object":                      {`"x"`, `":x"`},
		"too deep":                       {strings.Repeat("[", 2000) + strings.Repeat("]", 2000), ""},
		"nothing to change":              {`{"a": "stay", "b": 1}`, `{"a": "stay", "b": 1}`},
		"only unwanted":                  {`{"unwanted": "x"}`, `{"unwanted": "x"}`},
		"none":                           {``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := message.Decode([]byte(head + tt.data))
			if err != nil {
				t.Fatal(err)
			}
			before := string(m.Bytes())
			wanted := func(at []message.TextStep) bool { return len(at) == 0 || at[len(at)-1].Key != "unwanted" }
			got, ok := m.WithChangedTexts(wanted, func(at []message.TextStep, text string) (string, bool) {
				var path []string
				for _, s := range at {
					if s.InList != (s.Key == "") {
						t.Errorf("step %+v", s)
					}
					path = append(path, s.Key)
				}
				return strings.Join(path, "/") + ":" + text, text != "stay"
			})
			if ok != (tt.want != "") {
				t.Fatalf("ok is %v", ok)
			}
			if string(m.Bytes()) != before {
				t.Error("the message has changed")
			}
			if !ok {
				return
			}
			if diff := cmp.Diff(head+tt.want, string(got.Bytes())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (got == m) != (tt.want == tt.data) {
				t.Errorf("the same message: %v", got == m)
			}
			if _, err := got.PlainData(); err != nil {
				t.Error(err)
			}
		})
	}
}

// manyTexts is an object of n texts, all the same, or where text is empty what TestWithChangedTexts makes of "x" there; last stands behind them.
func manyTexts(text string, n int, last string) string {
	var b strings.Builder
	for i := range n {
		shown := text
		if shown == "" {
			shown = fmt.Sprintf("k%d:x", i)
		}
		fmt.Fprintf(&b, `"k%d": %q, `, i, shown)
	}
	return "{" + b.String() + last + "}"
}

// Many changed texts in one object take no more time each than a few do.
func BenchmarkWithChangedTexts(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(n, " texts"), func(b *testing.B) {
			m, err := message.Decode([]byte("pytroll://a file a@b 2024-05-17T09:41:12 v1.2 application/json " + manyTexts("x", n, `"end": 1`)))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, ok := m.WithChangedTexts(func([]message.TextStep) bool { return true }, func(_ []message.TextStep, text string) (string, bool) { return text + "y", true }); !ok {
					b.Fatal("not changed")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/text")
		})
	}
}
