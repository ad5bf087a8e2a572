package dedup_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
)

var start = time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC)

func decode(tb testing.TB, frame string) *message.Message {
	tb.Helper()
	m, err := message.Decode([]byte(frame))
	if err != nil {
		tb.Fatalf("%s: %v", frame, err)
	}
	return m
}

func open(tb testing.TB, c dedup.Config) *dedup.Window {
	tb.Helper()
	w, err := dedup.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// see tells what w says of a message after a while.
func see(tb testing.TB, w *dedup.Window, frame string, after time.Duration) dedup.Verdict {
	tb.Helper()
	v, err := w.See(decode(tb, frame), start.Add(after))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func numbered(i int) string {
	return fmt.Sprintf(`pytroll://a file me@here 2024-05-17T09:41:12 v1.01 application/json {"uid": %d}`, i)
}

const (
	one   = `pytroll://1b/hrit file safusr@a 2024-05-17T09:41:12 v1.01 application/json {"uri": "ssh://a/x", "uid": "x"}`
	json  = " application/json "
	head  = "pytroll://1b/hrit file safusr@a 2024-05-17T09:41:12 v1.01"
	other = "pytroll://1b/hrit file safusr@b 2024-05-17T09:41:13 v1.01"
)

// Pairs of messages, and by what they are the same.
func TestBy(t *testing.T) {
	t.Parallel()
	const (
		set = `{"dataset": [{"uid": "x", "uri": "ssh://a/x"}, {"uid": "y", "uri": "ssh://a/y"}]}`
		col = `{"collection": [{"dataset": [{"uid": "x"}, {"uid": "y"}]}]}`
	)
	for _, tt := range []struct {
		name, first, second string
		same                string // the kinds of By that hold them to be the same, and those that know nothing after a slash
	}{
		{"the same bytes", one, one, "message content uid uri fields"},
		{"another sender", one, other + json + `{"uri": "ssh://a/x", "uid": "x"}`, "uid uri fields"},
		{"another host", one, other + json + `{"uri": "ssh://b/x", "uid": "x"}`, "uid fields"},
		{"another uid", one, head + json + `{"uri": "ssh://a/x", "uid": "y"}`, "uri"},
		{"another type", one, strings.Replace(one, " file ", " del ", 1), ""},
		{"another subject", one, strings.Replace(one, "//1b", "//1c", 1), "content any"},
		{"another subject and sender", one, strings.Replace(other, "//1b", "//1c", 1) + json + `{"uri": "ssh://a/x", "uid": "x"}`, "any"},
		{"another version", one, strings.Replace(one, "12 v1.01", "12+00:00 v1.2", 1), "content uid uri fields"},
		{"another time", one, strings.Replace(one, ":12 v", ":13 v", 1), "uid uri fields"},
		{"another microsecond", one, strings.Replace(one, ":12 v", ":12.000001 v", 1), "uid uri fields"},
		{"other spaces", one, head + json + `{"uri":  "ssh://a/x", "uid": "x"}`, "uid uri fields"},
		{"another spelling", one, head + json + `{"uri": "ssh://a/\u0078", "uid": "x"}`, "uid uri fields"},
		{"datasets", head + json + set, other + json + set, "uid uri/fields"},
		{"fewer files", head + json + set, head + json + `{"dataset": [{"uid": "x", "uri": "ssh://a/x"}]}`, "/fields"},
		{"another order", head + json + set, head + json + `{"dataset": [{"uid": "y", "uri": "ssh://a/y"}, {"uid": "x", "uri": "ssh://a/x"}]}`, "/fields"},
		{"collections", head + json + col, other + json + col, "uid/uri fields"},
		{"a number and its text", head + json + `{"uid": 1}`, head + json + `{"uid": "1"}`, "/uri"},
		{"a date is a text", head + json + `{"uid": "20240517"}`, head + json + `{"uid": "2024-05-17"}`, "/uri"},
		{"nothing to be known by", head + json + `{"a": 1}`, head + json + `{"a": 1}`, "message content/uid uri fields"},
		{"text", head + " text/ascii x", head + " text/ascii x", "message content/uid uri fields"},
		{"no data", head, head, "message content/uid uri fields"},
	} {
		same, unknown, _ := strings.Cut(tt.same, "/")
		for kind, c := range map[string]dedup.Config{
			"message": {},
			"content": {By: dedup.ByContent},
			"uid":     {By: dedup.ByUID},
			"uri":     {By: dedup.ByURI},
			"fields":  {By: dedup.ByFields, Fields: []string{"uid", "platform_name"}},
			"any":     {By: dedup.ByUID, AnySubject: true},
		} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				want := dedup.First
				key := kind
				if kind == "any" && tt.second != "" && decode(t, tt.first).Subject() == decode(t, tt.second).Subject() {
					key = "uid" // no different then
				}
				switch {
				case strings.Contains(same, key):
					want = dedup.Duplicate
				case strings.Contains(unknown, key):
					want = dedup.Unknown
				}
				w := open(t, c)
				see(t, w, tt.first, 0)
				if got := see(t, w, tt.second, time.Second); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		fields        []string
		first, second string
		want          dedup.Verdict
	}{
		{"nested", []string{"dataset.0.uid"}, `{"dataset": [{"uid": 1}, {"uid": 2}]}`, `{"dataset": [{"uid": 1}]}`, dedup.Duplicate},
		{"all elements", []string{"dataset.uid"}, `{"dataset": [{"uid": 1}, {"uid": 2}]}`, `{"dataset": [{"uid": 1}]}`, dedup.First},
		{"one of two", []string{"a", "b"}, `{"a": 1}`, `{"a": 1, "c": 2}`, dedup.Duplicate},
		{"lacking is not null", []string{"a", "b"}, `{"a": 1}`, `{"a": 1, "b": null}`, dedup.First},
		{"not the other's", []string{"a", "b"}, `{"a": 1}`, `{"b": 1}`, dedup.First},
		{"not run together", []string{"a", "b"}, `{"a": "x", "b": "yz"}`, `{"a": "xy", "b": "z"}`, dedup.First},
		{"objects", []string{"a"}, `{"a": {"b": [1.50]}}`, `{"a":{"b":[1.5]}}`, dedup.Duplicate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, dedup.Config{By: dedup.ByFields, Fields: tt.fields})
			see(t, w, head+json+tt.first, 0)
			if got := see(t, w, head+json+tt.second, 0); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWindowBounds(t *testing.T) {
	t.Parallel()
	w := open(t, dedup.Config{Window: time.Minute})
	for _, step := range []struct {
		after time.Duration
		want  dedup.Verdict
	}{
		{0, dedup.First},
		{0, dedup.Duplicate},
		{30 * time.Second, dedup.Duplicate},
		{time.Minute - 1, dedup.Duplicate},        // which does not prolong it
		{time.Minute, dedup.First},                // at exactly the window
		{30 * time.Second, dedup.Duplicate},       // a clock set back counts as standing still
		{2*time.Minute - 1, dedup.Duplicate},      // since the second first one
		{2 * time.Minute, dedup.First},            //
		{365 * 24 * time.Hour, dedup.First},       //
		{290 * 365 * 24 * time.Hour, dedup.First}, // nearly all that a Duration holds
	} {
		if got := see(t, w, one, step.after); got != step.want {
			t.Errorf("after %s: got %v, want %v", step.after, got, step.want)
		}
	}
	want := dedup.Stats{First: 5, Duplicates: 5, Entries: 1}
	if diff := cmp.Diff(want, w.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

func TestEntryBound(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 2, 3, 63, 64, 65, 100, 1000} {
		w := open(t, dedup.Config{MaxEntries: most})
		for i := range most {
			if got := see(t, w, numbered(i), 0); got != dedup.First {
				t.Fatalf("%d: message %d is %v", most, i, got)
			}
		}
		if got := see(t, w, numbered(0), 0); got != dedup.Duplicate {
			t.Errorf("%d: the oldest is %v while the table is just full", most, got)
		}
		if got := see(t, w, numbered(most), 0); got != dedup.First {
			t.Errorf("%d: one more is %v", most, got)
		}
		for i := 1; i <= most; i++ {
			if got := see(t, w, numbered(i), 0); got != dedup.Duplicate {
				t.Errorf("%d: message %d is %v after the oldest was forgotten", most, i, got)
			}
		}
		if got := see(t, w, numbered(0), 0); got != dedup.First {
			t.Errorf("%d: the oldest is %v after it was forgotten", most, got)
		}
		if s := w.Stats(); s.Forgotten != 2 || s.Entries != most {
			t.Errorf("%d: forgot %d, holds %d", most, s.Forgotten, s.Entries)
		}
	}
}

// model is the window as the documentation has it, the slow way.
type model struct {
	window time.Duration
	seen   []remembered // the oldest first
}

type remembered struct {
	id int
	at time.Duration
}

func (m *model) see(id int, now time.Duration) dedup.Verdict {
	fresh := m.seen[:0]
	for _, r := range m.seen {
		if now-r.at < m.window {
			fresh = append(fresh, r)
		}
	}
	m.seen = fresh
	for _, r := range m.seen {
		if r.id == id {
			return dedup.Duplicate
		}
	}
	m.seen = append(m.seen, remembered{id, now})
	return dedup.First
}

// FuzzWindow: whatever comes when, the window says what its documentation says. The bytes are pairs of a message and the time since the
// one before. Where the table gets full the model is asked no more than for what it forgets: nothing is a duplicate that should
// not be, and everything is that came within the last MaxEntries.
func FuzzWindow(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1, 200, 0, 255, 1, 0}, uint8(3))
	f.Add([]byte(strings.Repeat("a b c d e f ", 50)), uint8(200))
	f.Add([]byte(strings.Repeat("\x01\x00\x02\x00\x03\x10", 100)), uint8(2))
	f.Fuzz(func(t *testing.T, steps []byte, most uint8) {
		const window = time.Second
		w := open(t, dedup.Config{Window: window, MaxEntries: int(most) + 1})
		m := model{window: window}
		var now time.Duration
		passed := 0
		lastFirst := map[int]int{} // the number of messages that had passed
		for ; len(steps) >= 2; steps = steps[2:] {
			id := int(steps[0])
			now += time.Duration(steps[1]) * 5 * time.Millisecond
			got := see(t, w, numbered(id), now)
			want := m.see(id, now)
			if at, ok := lastFirst[id]; got == dedup.First && want == dedup.Duplicate && ok && passed-at > int(most) {
				m.seen = append(m.seen, remembered{id, now}) // it was forgotten
				for i, r := range m.seen {
					if r.id == id {
						m.seen = append(m.seen[:i], m.seen[i+1:]...)
						break
					}
				}
				want = got
			}
			if got != want {
				t.Fatalf("message %d at %s: got %v, want %v", id, now, got, want)
			}
			if got == dedup.First {
				passed++
				lastFirst[id] = passed - 1
			}
		}
		if s := w.Stats(); s.Entries > int(most)+1 {
			t.Fatalf("%d entries, at most %d were asked for", s.Entries, int(most)+1)
		}
	})
}

// FuzzSee: no message does harm, and each is a duplicate of itself or unknown.
func FuzzSee(f *testing.F) {
	f.Add([]byte(one), "uid")
	f.Add([]byte(head+json+`{"collection": [{"dataset": [{"uid": "20240517"}]}]}`), "collection.dataset.uid")
	f.Add([]byte(head+json+`{"uid": {"a": [NaN, 1e400]}}`), "uid.a.0")
	f.Add([]byte("pytroll://norrk\xf6ping info me@here 2024-05-17 v1.01 application/json {\"\xe5\": 1}"), "å")
	f.Fuzz(func(t *testing.T, frame []byte, path string) {
		m, err := message.Decode(frame)
		if err != nil {
			return
		}
		for _, c := range []dedup.Config{
			{}, {By: dedup.ByContent}, {By: dedup.ByUID}, {By: dedup.ByURI, AnySubject: true}, {By: dedup.ByFields, Fields: []string{path}},
		} {
			w, err := dedup.New(c)
			if err != nil {
				continue // the path is none
			}
			first, err := w.See(m, start)
			if first == dedup.Duplicate || first == dedup.First && err != nil {
				t.Fatalf("%s: got %v, %v", c.By, first, err)
			}
			second, _ := w.See(m, start)
			if first == dedup.First && second != dedup.Duplicate || first == dedup.Unknown && second != dedup.Unknown {
				t.Fatalf("%s: got %v, then %v", c.By, first, second)
			}
		}
	})
}

func TestBadData(t *testing.T) {
	t.Parallel()
	w := open(t, dedup.Config{By: dedup.ByUID})
	v, err := w.See(decode(t, head+json+"{x}"), start)
	if _, ok := errors.AsType[*message.Error](err); v != dedup.Unknown || !ok {
		t.Errorf("got %v, %v", v, err)
	}
	if s := w.Stats(); s.Unknown != 1 || s.Entries != 0 {
		t.Errorf("got %+v", s)
	}
}

// Data is asked for once, and only when it is needed.
func TestSeeData(t *testing.T) {
	t.Parallel()
	for by, want := range map[dedup.By]int{dedup.ByMessage: 0, dedup.ByContent: 0, dedup.ByUID: 1, dedup.ByURI: 1} {
		m, asked := decode(t, one), 0
		v, err := open(t, dedup.Config{By: by}).SeeData(m, func() (any, error) { asked++; return m.PlainData() }, start)
		if v != dedup.First || err != nil || asked != want {
			t.Errorf("%s: got %v, %v, and data was asked for %d times", by, v, err, asked)
		}
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	const each, goroutines = 2000, 4
	w := open(t, dedup.Config{MaxEntries: each})
	messages := make([]*message.Message, each)
	for i := range messages {
		messages[i] = decode(t, numbered(i))
	}
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for _, m := range messages {
				if _, err := w.See(m, start); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want := dedup.Stats{First: each, Duplicates: (goroutines - 1) * each, Entries: each}
	if diff := cmp.Diff(want, w.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

// The tables take what the documentation says.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	const entries = 100_000
	w := open(t, dedup.Config{By: dedup.ByUID, MaxEntries: entries})
	m := make([]*message.Message, 2*entries)
	for i := range m {
		m[i] = decode(t, numbered(i))
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, m := range m {
		if v, err := w.See(m, start); v != dedup.First || err != nil {
			t.Fatal(v, err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := float64(after.HeapAlloc-before.HeapAlloc) / entries; each > 45 {
		t.Errorf("%.0f bytes an entry", each)
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(w)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		config dedup.Config
		want   []string // keys and the beginnings of texts
	}{
		{"zero", dedup.Config{}, nil},
		{"default", dedup.DefaultConfig(), nil},
		{"fields", dedup.Config{By: dedup.ByFields, Fields: []string{"a", "b.0.c"}, AnySubject: true}, nil},
		{"least", dedup.Config{Window: 10 * time.Millisecond, MaxEntries: 1}, nil},
		{"most", dedup.Config{Window: 168 * time.Hour, MaxEntries: 10_000_000}, nil},
		{"all", dedup.Config{By: "name", Fields: []string{"a", "b..c"}, Window: -time.Second, MaxEntries: -1}, []string{
			`by: "name" is unknown`, `fields: are not looked at`, `fields[2]: "b..c"`, "window: -1s is out of range", "max_entries: -1 is out of range",
		}},
		{"no fields", dedup.Config{By: dedup.ByFields}, []string{"fields: is empty"}},
		{"any subject", dedup.Config{AnySubject: true}, []string{"any_subject: says nothing"}},
		{"too much", dedup.Config{Window: 169 * time.Hour, MaxEntries: 10_000_001}, []string{"window: 169h0m0s is out of range", "max_entries: 10000001 is out of range"}},
		{"too short", dedup.Config{Window: time.Millisecond}, []string{"window: 1ms is out of range"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.config.Validate()
			if w, openErr := dedup.New(tt.config); (w == nil) != (err != nil) || (openErr == nil) != (err == nil) {
				t.Errorf("validate: %v; new: %v, %v", err, w, openErr)
			}
			var got []error
			if err != nil {
				got = err.(interface{ Unwrap() []error }).Unwrap()
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			for i, e := range got {
				if !strings.HasPrefix(e.Error(), tt.want[i]) {
					t.Errorf("got %q, want %q", e, tt.want[i])
				}
				if s, ok := errors.AsType[*dedup.SettingError](e); !ok || !strings.HasPrefix(tt.want[i], s.ConfigKey()+":") || s.HintText() != s.Hint {
					t.Errorf("got %#v", e)
				}
			}
		})
	}
}
