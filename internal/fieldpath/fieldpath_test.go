package fieldpath_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// data reads JSON as a message would hold it.
func data(tb testing.TB, text string) any {
	tb.Helper()
	m, err := message.Decode([]byte("pytroll://a info me@here 2024-05-17T09:41:12 v1.01 application/json " + text))
	if err != nil {
		tb.Fatal(err)
	}
	v, err := m.PlainData()
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func text(tb testing.TB, v any) string {
	tb.Helper()
	b, err := message.AppendJSON(nil, v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

const collection = `{"uid": "c", "filesystem": {"host": "h", "args": []}, "a.b": 1, "0": "zero", "none": null, ` +
	`"collection": [{"dataset": [{"uri": "u1", "uid": 1}, {"uri": "u2"}]}, {"uri": "u3"}, "odd", [{"uri": "u4"}]]}`

func TestValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ path, want string }{
		{"uid", `["c"]`},
		{"filesystem.host", `["h"]`},
		{"filesystem", `[{"host": "h", "args": []}]`},
		{"filesystem.args", `[[]]`},
		{"filesystem.args.0", `[]`},
		{"none", `[null]`},
		{"none.x", `[]`},
		{"uid.x", `[]`},
		{"nothing", `[]`},
		{"0", `["zero"]`},
		{`a\.b`, `[1]`},
		{"a.b", `[]`},
		{"collection.uri", `["u3", "u4"]`},
		{"collection.dataset.uri", `["u1", "u2"]`},
		{"collection.dataset.uid", `[1]`},
		{"collection.0.dataset.1.uri", `["u2"]`},
		{"collection.2", `["odd"]`},
		{"collection.3.uri", `["u4"]`},
		{"collection.9", `[]`},
		{"collection.99999999999999999999", `[]`},
	} {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			p := fieldpath.MustParse(tt.path)
			values := slices.Collect(p.Values(data(t, collection)))
			got := text(t, append([]any{}, values...))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			first, ok := p.First(data(t, collection))
			if ok != (len(values) > 0) || ok && text(t, first) != text(t, values[0]) {
				t.Errorf("first: got %v, %v", first, ok)
			}
			if p.String() != tt.path {
				t.Errorf("path: got %s", p)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ path, want string }{
		{"", "a part of the path is empty"},
		{".", "a part of the path is empty"},
		{"a.", "a part of the path is empty"},
		{"a..b", "a part of the path is empty"},
		{`a\`, "a backslash that is before no dot"},
		{`a\b`, "a backslash that is before no dot"},
		{strings.Repeat("a.", 64) + "a", "more than 64 parts"},
	} {
		if _, err := fieldpath.Parse(tt.path); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.path, err, tt.want)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, data, path string
		value            any
		want             string // empty: unchanged
	}{
		{"in its place", `{"a": 1, "b": 2}`, "a", "x", `{"a": "x", "b": 2}`},
		{"at the end", `{"a": 1}`, "b", "x", `{"a": 1, "b": "x"}`},
		{"there already", `{"a": 1}`, "a", int64(1), ""},
		{"equal in value", `{"a": 1.0}`, "a", int64(1), ""},
		{"nested", `{"a": {"b": 1}}`, "a.b", int64(2), `{"a": {"b": 2}}`},
		{"objects are made", `{}`, "a.b.c", true, `{"a": {"b": {"c": true}}}`},
		{"for null too", `{"a": null}`, "a.b", true, `{"a": {"b": true}}`},
		{"not over a text", `{"a": "x"}`, "a.b", true, ""},
		{"each element", `{"l": [{"a": 1}, {}, "x", [{"a": 2}]]}`, "l.a", int64(2), `{"l": [{"a": 2}, {"a": 2}, "x", [{"a": 2}]]}`},
		{"one element", `{"l": [1, 2]}`, "l.1", "x", `{"l": [1, "x"]}`},
		{"no new element", `{"l": [1, 2]}`, "l.2", "x", ""},
		{"not in an empty list", `{"l": []}`, "l.a", "x", ""},
		{"a list at the top", `[{"a": 1}, {"b": 2}]`, "a", "x", `[{"a": "x"}, {"b": 2, "a": "x"}]`},
		{"nothing", `null`, "a.0", "x", `{"a": {"0": "x"}}`},
		{"a text at the top", `"x"`, "a", "x", ""},
		{"an object", `{}`, "a", message.NewObject(message.Member{Key: "b", Value: []any{"x"}}), `{"a": {"b": ["x"]}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, changed := fieldpath.MustParse(tt.path).Set(data(t, tt.data), tt.value)
			checkChange(t, tt.data, tt.want, got, changed)
		})
	}
}

func checkChange(t *testing.T, before, want string, got any, changed bool) {
	t.Helper()
	if changed != (want != "") {
		t.Errorf("changed: got %v", changed)
	}
	if want == "" {
		want = text(t, data(t, before))
	}
	if diff := cmp.Diff(want, text(t, got)); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
}

// What is set into one message is not shared with the next.
func TestSetCopies(t *testing.T) {
	t.Parallel()
	value := message.NewObject(message.Member{Key: "b", Value: []any{int64(1)}})
	for range 2 {
		got, _ := fieldpath.MustParse("a").Set(nil, value)
		got, changed := fieldpath.MustParse("a.b.0").Set(got, int64(2))
		checkChange(t, "", `{"a": {"b": [2]}}`, got, changed)
	}
	if s := value.String(); s != `{"b": [1]}` {
		t.Errorf("the value set is now %s", s)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, data, path, want string }{
		{"key", `{"a": 1, "b": 2}`, "a", `{"b": 2}`},
		{"not there", `{"a": 1}`, "b", ""},
		{"nested", `{"a": {"b": 1, "c": 2}}`, "a.b", `{"a": {"c": 2}}`},
		{"nested, not there", `{"a": {"b": 1}}`, "a.c", ""},
		{"no object on the way", `{"a": "x"}`, "a.b", ""},
		{"each element", `{"l": [{"a": 1, "b": 1}, "x", {"b": 2}]}`, "l.b", `{"l": [{"a": 1}, "x", {}]}`},
		{"one element", `{"l": [1, 2, 3]}`, "l.1", `{"l": [1, 3]}`},
		{"in one element", `{"l": [{"a": 1}, {"a": 1}]}`, "l.1.a", `{"l": [{"a": 1}, {}]}`},
		{"beyond the end", `{"l": [1]}`, "l.1", ""},
		{"in a list of lists", `{"l": [[{"a": 1}]]}`, "l.a", `{"l": [[{}]]}`},
		{"at the top", `[1, 2]`, "0", `[2]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, changed := fieldpath.MustParse(tt.path).Remove(data(t, tt.data))
			checkChange(t, tt.data, tt.want, got, changed)
		})
	}
	if _, changed := (fieldpath.Path{}).Remove(data(t, "{}")); changed {
		t.Error("the path to the data itself removes something")
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	double := func(v any) (any, bool) {
		n, ok := v.(int64)
		return 2 * n, ok
	}
	for _, tt := range []struct{ name, data, path, want string }{
		{"key", `{"a": 1, "b": 2}`, "a", `{"a": 2, "b": 2}`},
		{"refused", `{"a": "x"}`, "a", ""},
		{"not there", `{"a": 1}`, "b", ""},
		{"each element", `{"l": [{"a": 1}, {"a": "x"}, {"a": 3}]}`, "l.a", `{"l": [{"a": 2}, {"a": "x"}, {"a": 6}]}`},
		{"one element", `[1, 2]`, "1", `[1, 4]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, changed := fieldpath.MustParse(tt.path).Change(data(t, tt.data), double)
			checkChange(t, tt.data, tt.want, got, changed)
		})
	}
	if got, changed := (fieldpath.Path{}).Change(int64(3), double); got != int64(6) || !changed {
		t.Errorf("the data itself: got %v, %v", got, changed)
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	at, err := message.ParseTime("2024-05-17T09:41:12Z")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]any{ // each is equal to those of its own list alone
		"one":    {int64(1), 1.0},
		"half":   {0.5},
		"big":    {data(t, "100000000000000000000"), 1e20},
		"text":   {"1"},
		"true":   {true},
		"null":   {nil},
		"time":   {at, at},
		"list":   {data(t, "[1, [2]]"), data(t, "[1.0, [2]]")},
		"longer": {data(t, "[1, [2], 3]")},
		"object": {data(t, `{"a": 1, "b": {"c": []}}`), data(t, `{"b": {"c": []}, "a": 1}`)},
		"other":  {data(t, `{"a": 1, "b": {"c": [0]}}`)},
		"keys":   {data(t, `{"a": 1, "x": {"c": []}}`)},
		"fewer":  {data(t, `{"a": 1}`)},
		"inf":    {math.Inf(1)},
	}
	for name, same := range values {
		for other, candidates := range values {
			for _, a := range same {
				for _, b := range candidates {
					if got := fieldpath.Equal(a, b); got != (name == other) {
						t.Errorf("%v (%T) and %v (%T): got %v", a, a, b, b, got)
					}
				}
			}
		}
	}
	if fieldpath.Equal(math.NaN(), math.NaN()) {
		t.Error("NaN is equal to NaN")
	}
}

// FuzzPath: no path and no data do harm; a value that could be set is then found, and one that was removed is not, where no lists are on
// the way.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"uid", "collection.uri", "collection.0.dataset.1.uri", `a\.b`, "0.1", "filesystem.host"} {
		f.Add(path, collection)
	}
	f.Add("a.b", `{"a": {"b": [{"b": 1}]}}`)
	f.Fuzz(func(t *testing.T, path, content string) {
		p, err := fieldpath.Parse(path)
		if err != nil {
			return
		}
		m, err := message.Decode([]byte("pytroll://a info me@here 2024-05-17T09:41:12 v1.01 application/json " + content + " "))
		if err != nil {
			return
		}
		v, err := m.PlainData()
		if err != nil {
			return
		}
		for value := range p.Values(v) {
			if !fieldpath.Equal(value, fieldpath.Clone(value)) && !strings.Contains(content, "NaN") {
				t.Fatalf("%v is not equal to its copy", value)
			}
		}
		v, changed := p.Set(v, "the value")
		if values := slices.Collect(p.Values(v)); changed && !slices.Contains(values, any("the value")) {
			t.Fatalf("set, and then got %v", values)
		}
		if _, again := p.Set(v, "the value"); again {
			t.Fatal("set twice")
		}
		v, changed = p.Remove(v)
		if values := slices.Collect(p.Values(v)); changed && len(values) > 0 && !strings.Contains(content, "[") {
			t.Fatalf("removed, and then got %v", values)
		}
	})
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path, other string
		want        bool
	}{
		{"a", "a", true}, {"a.b", "a", true}, {"a", "a.b", false}, {"a.b", "b", false}, {`a\.b`, "a", false}, {"a.0.b", "a.0", true}, {"a.0", "a.00", false},
	} {
		if got := fieldpath.MustParse(tt.path).Within(fieldpath.MustParse(tt.other)); got != tt.want {
			t.Errorf("%s within %s: got %v", tt.path, tt.other, got)
		}
	}
	for path, want := range map[string]bool{"a": false, "0": true, "a.0": true, "0.a": false, `a\.0`: false} {
		if got := fieldpath.MustParse(path).EndsInPlace(); got != want {
			t.Errorf("%s ends in a place: got %v", path, got)
		}
	}
	if (fieldpath.Path{}).EndsInPlace() {
		t.Error("the data itself is no place")
	}
}
