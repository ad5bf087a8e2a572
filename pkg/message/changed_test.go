package message_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

const jsonHead = "pytroll://a file u@h 2024-05-17T09:41:12 v1.01 application/json "

// plain decodes JSON as PlainData does.
func plain(t testing.TB, text string) any {
	t.Helper()
	m := decode(t, jsonHead+text)
	v, err := m.PlainData()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func decode(t testing.TB, frame string) *message.Message {
	t.Helper()
	m, err := message.Decode([]byte(frame))
	if err != nil {
		t.Fatalf("%s: %v", frame, err)
	}
	return m
}

// What differs is written anew, and nothing else.
func TestWithChangedData(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, was, data, want string }{
		{"nothing", ` {"a" : 1.50 ,"b":[ ],"a":2}  `, `{"a": 2, "b": []}`, ` {"a" : 1.50 ,"b":[ ],"a":2}  `},
		{"a value", `{"a" : 1.50 ,"b":"\u00e5"}`, `{"a": "x", "b": "å"}`, `{"a" : "x" ,"b":"\u00e5"}`},
		{"kind of number", `{"a": 1.0}`, `{"a": 1}`, `{"a": 1}`},
		{"minus nothing", `{"a": -0, "b": -0.0}`, `{"a": 0, "b": 0.0}`, `{"a": -0, "b": 0.0}`},
		{"words", `{"a": true, "b": null, "c":NaN, "d":  false, "e": 1e999}`, `{"a": true, "b": 1, "c": NaN, "d": null, "e": Infinity}`, `{"a": true, "b": 1, "c":NaN, "d":  null, "e": 1e999}`},
		{"the first key goes", `{ "a": 1 , "b": 2 , "c": 3 }`, `{"b": 2, "c": 3}`, `{ "b": 2 , "c": 3 }`},
		{"the middle", `{ "a": 1 , "b": 2 , "c": 3 }`, `{"a": 1, "c": 3}`, `{ "a": 1 , "c": 3 }`},
		{"the last", `{ "a": 1 , "b": 2 , "c": 3 }`, `{"a": 1, "b": 2}`, `{ "a": 1 , "b": 2 }`},
		{"all but the middle", `{"a":1,"b":2,"c":3,"d":4,"e":5}`, `{"c": 3}`, `{"c":3}`},
		{"all of them", `{"x": { "a": 1 , "b": 2 }, "y": 1}`, `{"x": {}, "y": 1}`, `{"x": {  }, "y": 1}`},
		{"one for another", `{"x": { "a": 1 }, "y": [ ]}`, `{"x": {"b": 2, "c": 3}, "y": [1, 2]}`, `{"x": { "b": 2, "c": 3 }, "y": [1, 2 ]}`},
		{"one is new", `{"a":1}`, `{"b": 2, "a": 1}`, `{"a":1, "b": 2}`},
		{"goes and comes", `{"a":1,"b":2 }`, `{"b": 3, "c": {"x": [1]}}`, `{"b":3, "c": {"x": [1]} }`},
		{"twice", `{"a":1,"b":2,"a":3}`, `{"a": 4, "b": 2}`, `{"a":1,"b":2,"a":4}`},
		{"twice, goes", `{"a":1,"b":2,"a":3}`, `{"b": 2}`, `{"b":2}`},
		{"an escaped key", `{"\u0061":1,"b\/":2}`, `{"a": 2, "b/": 2}`, `{"\u0061":2,"b\/":2}`},
		{"an element", `[1,2.0 ,  3]`, `[1, 5, 3]`, `[1,5 ,  3]`},
		{"elements go", `[ {"a":1.0} , "b" , 2.50 , [ 3 ] ]`, `["b", [3]]`, `[ "b" , [ 3 ] ]`},
		{"elements go and change", `[1.0,2.0,3.0]`, `[1.0, 5]`, `[1.0,5]`},
		{"elements come", `[1.0]`, `[1.0, 2.5, "x"]`, `[1.0, 2.5, "x"]`},
		{"another kind", `{"a":{"x":1},"b":[1],"c":"x","d":1}`, `{"a": [1], "b": {"x": 1}, "c": 1, "d": "1"}`, `{"a":[1],"b":{"x": 1},"c":1,"d":"1"}`},
		{"deep", `{"d":[{"c":[{"u":"x","n":1.0},{"u":"y"}]}]}`, `{"d": [{"c": [{"u": "x", "n": 1.0}, {"u": "z"}]}]}`, `{"d":[{"c":[{"u":"x","n":1.0},{"u":"z"}]}]}`},
		{"a large number", `{"a":123456789012345678901234567890,"b":1}`, `{"a": 123456789012345678901234567890, "b": 2}`, `{"a":123456789012345678901234567890,"b":2}`},
		{"another top", `{"a":1}`, `[1]`, `[1]`},
	} {
		got, err := decode(t, jsonHead+tt.was).WithChangedData(plain(t, tt.data))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(strings.TrimLeft(tt.was, " "), string(decode(t, jsonHead+tt.was).RawData())); diff != "" {
			t.Fatalf("%s: %s", tt.name, diff)
		}
		if diff := cmp.Diff(strings.TrimLeft(tt.want, " "), string(got.RawData())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Where there is nothing to keep it is as WithData has it, and what can't be read or written is an error.
func TestWithChangedDataOfOthers(t *testing.T) {
	t.Parallel()
	object := message.NewObject(message.Member{Key: "a", Value: int64(1)})
	none := strings.TrimSuffix(jsonHead, " application/json ")
	for _, tt := range []struct {
		frame string
		data  any
		want  string
	}{
		{none, object, jsonHead + `{"a": 1}`},
		{none + " text/ascii hello", object, jsonHead + `{"a": 1}`},
		{jsonHead + `{"a": 1}`, message.NewObject(), none},
		{jsonHead + `{"a": 1}`, "text", none + " text/ascii text"},
		{strings.Replace(jsonHead, "/a ", "/\xe5 ", 1) + "{\"b\" :\"\xe5\"}", message.NewObject(message.Member{Key: "b", Value: "å"}, message.Member{Key: "c", Value: nil}), strings.Replace(jsonHead, "/a ", "/å ", 1) + `{"b" :"å", "c": null}`},
	} {
		got, err := decode(t, tt.frame).WithChangedData(tt.data)
		if err != nil || got.String() != tt.want {
			t.Errorf("%q: got %q, %v, want %q", tt.frame, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		frame string
		data  any
	}{
		{jsonHead + `{"a": 1`, object},
		{jsonHead + `{"a": 1}`, message.NewObject(message.Member{Key: "\xff", Value: nil})},
		{jsonHead + `{"a": 1}`, []any{make(chan int)}},
	} {
		_, err := decode(t, tt.frame).WithChangedData(tt.data)
		if _, ok := errors.AsType[*message.Error](err); !ok {
			t.Errorf("%q: got %v", tt.frame, err)
		}
	}
}

// Times are those that strings stand for. Up to v1.01 they lose their offset, changed or not, as WithData has it.
func TestWithChangedTimes(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v1.01": `{"a" :"2024-05-17T09:41:12", "b" :"20240517", "c" :"2024-05-18T00:00:00"}`,
		"v1.2":  `{"a" :"2024-05-17T09:41:12Z", "b" :"20240517", "c" :"2024-05-18T00:00:00"}`,
	} {
		m := decode(t, strings.Replace(jsonHead, "v1.01", version, 1)+`{"a" :"2024-05-17T09:41:12Z", "b" :"20240517", "c" :"x"}`)
		data, err := m.Data()
		if err != nil {
			t.Fatal(err)
		}
		day, err := message.ParseTime("2024-05-18")
		if err != nil {
			t.Fatal(err)
		}
		data.(*message.Object).Set("c", day)
		got, err := m.WithChangedData(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got.RawData())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", version, diff)
		}
	}
}

// valueSpans returns where each value of text stands, as encoding/json sees it, which knows nothing of this package.
func valueSpans(t *testing.T, text []byte) [][2]int {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	var spans [][2]int
	var open []int   // of spans
	var isKey []bool // of the level: a key comes next
	for {
		before := int(d.InputOffset())
		token, err := d.Token()
		if err == io.EOF {
			return spans
		}
		if err != nil {
			t.Fatal(err)
		}
		end := int(d.InputOffset())
		start := before + bytes.IndexFunc(text[before:end], func(r rune) bool { return !strings.ContainsRune(" \t\r\n,:", r) })
		if token == json.Delim('}') || token == json.Delim(']') {
			spans[open[len(open)-1]][1] = end
			open, isKey = open[:len(open)-1], isKey[:len(isKey)-1]
			continue
		}
		if n := len(open); n > 0 && text[spans[open[n-1]][0]] == '{' {
			if isKey[n-1] = !isKey[n-1]; isKey[n-1] {
				continue
			}
		}
		spans = append(spans, [2]int{start, end})
		if _, opens := token.(json.Delim); opens {
			open, isKey = append(open, len(spans)-1), append(isKey, false)
		}
	}
}

// places returns the setters of all values in v, each before those in it.
func places(v any, set func(any)) []func(any) {
	all := []func(any){set}
	switch v := v.(type) {
	case *message.Object:
		for key, value := range v.All() {
			all = append(all, places(value, func(to any) { v.Set(key, to) })...)
		}
	case []any:
		for i := range v {
			all = append(all, places(v[i], func(to any) { v[i] = to })...)
		}
	}
	return all
}

// Of messages as they are, each value in turn is changed: the bytes before and behind it are those that were there.
func TestOneChangeTouchesNothingElse(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, frame := range realMessages(t) {
		m := decode(t, frame)
		if m.MIME() != message.MIMEJSON || bytes.Contains(m.RawData(), []byte(`"uid": 1, "uid": 2`)) {
			continue // encoding/json does not tell which of two keys counts
		}
		spans := valueSpans(t, m.RawData())
		for i, at := range spans {
			data := plain(t, string(m.RawData()))
			all := places(data, func(any) {})
			if len(all) != len(spans) {
				t.Fatalf("%d values, and encoding/json sees %d", len(all), len(spans))
			}
			if i == 0 {
				continue // that is all of it
			}
			all[i](int64(-4711))
			got, err := m.WithChangedData(data)
			if err != nil {
				t.Fatal(err)
			}
			want := string(m.Bytes()[:len(m.Bytes())-len(m.RawData())]) + string(m.RawData()[:at[0]]) + "-4711" + string(m.RawData()[at[1]:])
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			checked++
		}
	}
	if checked < 40 {
		t.Errorf("only %d values were changed", checked)
	}
}

// alter changes data here and there.
func alter(r *rand.Rand, v any, depth int) any {
	switch v := v.(type) {
	case *message.Object:
		for key, value := range v.Clone().All() {
			switch r.IntN(6) {
			case 0:
				v.Delete(key)
			case 1, 2:
				v.Set(key, alter(r, value, depth+1))
			}
		}
		if r.IntN(3) == 0 {
			v.Set(string(rune('a'+r.IntN(26))), int64(r.IntN(10)))
		}
		return v
	case []any:
		l := []any{}
		for _, e := range v {
			switch r.IntN(6) {
			case 0:
			case 1, 2:
				l = append(l, alter(r, e, depth+1))
			default:
				l = append(l, e)
			}
		}
		if r.IntN(4) == 0 {
			l = append(l, "new")
		}
		return l
	}
	return []any{int64(1), 2.5, "x", nil, true, math.NaN(), []any{}, message.NewObject(message.Member{Key: "k", Value: "v"})}[r.IntN(8)]
}

// FuzzWithChangedData: whatever is changed, what comes out decodes to the data that was asked for; and nothing changes where that is what was there.
func FuzzWithChangedData(f *testing.F) {
	for _, frame := range realMessages(f) {
		if _, data, ok := strings.Cut(frame, " application/json "); ok {
			f.Add([]byte(data), uint64(1))
		}
	}
	for i, text := range []string{`{"a" : 1.50 ,"b":[ ],"a":2}`, `[1, [2.0,{"a":{}}], "\ud800", NaN, -Infinity, 1e5]`, "{\"\\u0061\":1,\"a\":{\"x\":[ 1 , 2 ]\n}}"} {
		f.Add([]byte(text), uint64(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		m, err := message.Decode(append([]byte(jsonHead), text...))
		if err != nil {
			return
		}
		data, err := m.PlainData()
		if err != nil {
			return
		}
		same, err := m.WithChangedData(data)
		switch data.(type) {
		case *message.Object, []any:
			if full := !strings.Contains("[] {}", jsonOf(t, data)); full && (err != nil || !same.Equal(m)) {
				t.Fatalf("%q became %q, %v", m, same, err)
			}
		}
		data = alter(rand.New(rand.NewPCG(seed, 0)), data, 0)
		got, err := m.WithChangedData(data)
		if err != nil {
			return // what can't be written, such as half a pair of surrogates
		}
		want, err := m.WithData(data)
		if err != nil {
			t.Fatalf("WithData: %v", err)
		}
		a, errA := got.PlainData()
		b, errB := want.PlainData()
		if errA != nil || errB != nil {
			t.Fatalf("%q: %v, %v", got, errA, errB)
		}
		if diff := cmp.Diff(jsonOf(t, sortedKeys(b)), jsonOf(t, sortedKeys(a))); diff != "" {
			t.Fatalf("%q became %q (-want +got):\n%s", m, got, diff)
		}
	})
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := message.AppendJSON(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sortedKeys returns v with the keys of its objects in the order of maps.
func sortedKeys(v any) any {
	switch v := v.(type) {
	case *message.Object:
		m := make(map[string]any, v.Len())
		for key, value := range v.All() {
			m[key] = sortedKeys(value)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i := range v {
			l[i] = sortedKeys(v[i])
		}
		return l
	}
	return v
}
