package message_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// named types of every sort.
type (
	word  string
	octet []byte
	code  int
	loop  *loop
)

func (c code) MarshalText() ([]byte, error) { return []byte{'c', byte('0' + c)}, nil }

// upper writes itself by pointer only.
type upper struct{ s string }

func (u *upper) MarshalJSON() ([]byte, error) {
	return []byte(`{"upper":"` + strings.ToUpper(u.s) + `","n":[1.50,1E2,NaN]}`), nil
}

type broken struct{}

func (broken) MarshalJSON() ([]byte, error) { return []byte(`{"a": }`), nil }

type failing struct{}

type failingJSON struct{}

func (failingJSON) MarshalJSON() ([]byte, error) { return nil, errFailing }

var errFailing = errors.New("failing on purpose")

func (failing) MarshalText() ([]byte, error) { return nil, errFailing }

type inner struct {
	A int `json:"a"`
	B int `json:"b"`
}

type outer struct {
	inner
	B     string    `json:"b"` // hides inner's
	Skip  int       `json:"-"`
	Empty []int     `json:"empty,omitempty"`
	Zero  time.Time `json:"zero,omitzero"`
	Text  int       `json:"text,string"`
	Ptr   *int      `json:"ptr"`
	Plain bool
	low   int
}

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	noon := time.Date(2024, 5, 17, 12, 0, 0, 0, time.FixedZone("CEST", 7200))
	tests := []struct {
		name string
		v    any
		want string
	}{
		{"nil", nil, `null`},
		{"bools", []bool{true, false}, `[true, false]`},
		{"integers", []any{int8(-1), uint8(1), int64(math.MinInt64), uint64(math.MaxUint64), uintptr(3)}, `[-1, 1, -9223372036854775808, 18446744073709551615, 3]`},
		{"big integers", []any{mustBig(t, "9223372036854775808"), *mustBig(t, "-1"), (*big.Int)(nil)}, `[9223372036854775808, -1, null]`},
		{"floats", []float64{0, math.Copysign(0, -1), 1, 1e15, 1e16, 123456789012345680, 1e22, 0.0001, 0.00001, 1e-7, 0.30000000000000004, 5e-324, math.MaxFloat64},
			`[0.0, -0.0, 1.0, 1000000000000000.0, 1e+16, 1.2345678901234568e+17, 1e+22, 0.0001, 1e-05, 1e-07, 0.30000000000000004, 5e-324, 1.7976931348623157e+308]`},
		{"float32", []float32{0.1, 1}, `[0.1, 1.0]`},
		{"words", []float64{math.NaN(), math.Inf(1), math.Inf(-1)}, `[NaN, Infinity, -Infinity]`},
		{"string", "\"\\/\b\f\n\r\t\x00\x1f\x7f~å\u2028\uffff🛰", `"\"\\/\b\f\n\r\t\u0000\u001f\u007f~\u00e5\u2028\uffff\ud83d\udef0"`},
		{"html", "<a>&'</a>", `"<a>&'</a>"`},
		{"named", []any{word("w"), octet("abc"), code(7)}, `["w", "YWJj", "c7"]`},
		{"bytes", map[string]any{"b": []byte("abc"), "n": []byte(nil)}, `{"b": "YWJj", "n": null}`},
		{"lists", []any{[]int(nil), []int{}, [2]int{1, 2}, []any(nil), []any{}, [][]string{{"a"}, {}}}, `[null, [], [1, 2], null, [], [["a"], []]]`},
		{"maps", []any{map[string]int(nil), map[string]int{}, map[string]int{"b": 1, "a": 2}, map[string]any(nil), map[string]any{}}, `[null, {}, {"a": 2, "b": 1}, null, {}]`},
		{"keys", []any{map[int]string{10: "x", 9: "y"}, map[uint8]int{1: 2}, map[word]int{"å": 1}, map[code]int{1: 2}, map[netip.Addr]int{netip.MustParseAddr("::1"): 1}},
			`[{"10": "x", "9": "y"}, {"1": 2}, {"\u00e5": 1}, {"c1": 2}, {"::1": 1}]`},
		{"object", obj(member("z", 1), member("a", obj())), `{"z": 1, "a": {}}`},
		{"nil object", (*message.Object)(nil), `null`},
		{"times", []any{noon, message.Time{Time: noon}, message.Time{Time: noon, Naive: true}, &noon},
			`["2024-05-17T12:00:00+02:00", "2024-05-17T12:00:00+02:00", "2024-05-17T12:00:00", "2024-05-17T12:00:00+02:00"]`},
		{"struct", outer{inner: inner{1, 2}, B: "x", Text: 4, low: 5}, `{"a": 1, "b": "x", "text": "4", "ptr": null, "Plain": false}`},
		{"pointers", []any{new(1), new(new("x")), (*int)(nil), &outer{Ptr: new(7), Empty: []int{1}, Zero: noon}},
			`[1, "x", null, {"a": 0, "b": "", "empty": [1], "zero": "2024-05-17T12:00:00+02:00", "text": "0", "ptr": 7, "Plain": false}]`},
		{"marshaler", []any{&upper{"a"}, []upper{{"b"}}}, `[{"upper": "A", "n": [1.5, 100.0, NaN]}, [{"upper": "B", "n": [1.5, 100.0, NaN]}]]`},
		{"nil marshaler", []any{(*upper)(nil), []*upper{nil}}, `[null, [null]]`},
		{"text marshaler", []any{netip.MustParseAddr("10.0.0.1"), new(netip.MustParseAddr("10.0.0.2"))}, `["10.0.0.1", "10.0.0.2"]`},
		{"raw", []any{message.RawJSON(`{"a":1}`), message.RawJSON(nil), struct{ R message.RawJSON }{message.RawJSON("[]")}}, `[{"a":1}, null, {"R": []}]`},
		{"interface", struct{ E error }{}, `{"E": null}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := message.AppendJSON([]byte("> "), test.v)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != "> "+test.want {
				t.Errorf("got  %s\nwant > %s", got, test.want)
			}
		})
	}
}

func TestAppendJSONErrors(t *testing.T) {
	t.Parallel()
	var circle []any
	circle = append(circle, nil)
	circle[0] = circle
	type ring struct{ Next *ring }
	around := &ring{}
	around.Next = around
	var nowhere loop
	nowhere = &nowhere
	tests := []struct {
		name string
		v    any
		want string // part of the error
		is   error
	}{
		{"channel", make(chan int), "chan int has no JSON", nil},
		{"function", map[string]any{"f": func() {}}, "f: a func() has no JSON", nil},
		{"complex", struct {
			C complex128 `json:"c"`
		}{}, "c: a complex128 has no JSON", nil},
		{"keys that are no text", map[float64]int{1: 1}, "float64", nil},
		{"not UTF-8", obj(member("a", obj(member("b", "\xff")))), "a: b: not UTF-8", message.ErrNotUTF8},
		{"key not UTF-8", map[string]int{"\xff": 1}, "not UTF-8", message.ErrNotUTF8},
		{"circle of lists", circle, "nested too deeply", message.ErrTooDeep},
		{"circle of pointers", around, "nested too deeply", message.ErrTooDeep},
		{"pointer to itself", nowhere, "has no JSON", nil},
		{"marshaler that writes no JSON", broken{}, "MarshalJSON", nil},
		{"marshaler that fails", []any{failingJSON{}}, "failing on purpose", errFailing},
		{"no number", json.Number("1x"), `"1x" is no number`, nil},
		{"key that is not shown as it is", map[string]any{"a\nb": 'x', "a\nc": make(chan int)}, `"a\nc": a chan int`, nil},
		{"element of a list", [][]any{{"\xff"}}, "not UTF-8", message.ErrNotUTF8},
		{"element of a map", map[int]any{1: "\xff"}, "1: not UTF-8", message.ErrNotUTF8},
		{"text marshaler as key", map[failing]int{{}: 1}, "failing on purpose", errFailing},
		{"circle of maps", circleOfMaps(), "nested too deeply", message.ErrTooDeep},
		{"circle of objects", circleOfObjects(), "nested too deeply", message.ErrTooDeep},
		{"deep list of a type", deepList(), "nested too deeply", message.ErrTooDeep},
		{"marshaler that fails", failing{}, "failing on purpose", errFailing},
		{"raw not UTF-8", message.RawJSON("\"\xff\""), "not UTF-8", message.ErrNotUTF8},
		{"year 10000", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "year", nil},
		{"4301 digits", mustBig(t, strings.Repeat("9", 4301)), "4300 digits", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := message.AppendJSON(nil, test.v)
			if err == nil {
				t.Fatalf("got %s, want an error", got)
			}
			wantError(t, err, "data", -1)
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %q, want %q in it", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got error %v, want %v", err, test.is)
			}
		})
	}
}

func circleOfMaps() any {
	m := map[string]any{}
	m["m"] = m
	return m
}

func circleOfObjects() any {
	o := obj()
	o.Set("o", o)
	return o
}

// nest is a list of lists of nothing else, mapping the same with maps.
type (
	nest    []nest
	mapping map[string]mapping
)

func deepList() any {
	var n nest
	for range 2000 {
		n = nest{n}
	}
	m := mapping{}
	m["m"] = m
	return struct {
		N nest
		M mapping
	}{nest{}, m}
}

// A type may hold itself, and its plan may be wanted by many at once.
func TestPlanOfRecursiveType(t *testing.T) {
	t.Parallel()
	type tree struct {
		Name     string           `json:"name"`
		Children []tree           `json:"children,omitempty"`
		ByName   map[string]*tree `json:"by_name,omitempty"`
	}
	want := `{"name": "a", "children": [{"name": "b"}], "by_name": {"c": {"name": "c"}}}`
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			var v tree
			if err := mustDecode(t, head+" application/json "+want).Unmarshal(&v); err != nil {
				t.Fatal(err)
			}
			got, err := message.AppendJSON(nil, v)
			if err != nil || string(got) != want {
				t.Errorf("got %s, %v; want %s", got, err, want)
			}
		})
	}
}

func TestVersionChoice(t *testing.T) {
	t.Parallel()
	at := mustTime(t, "2024-01-02T03:04:05+01:00")
	withTime := map[string]any{"l": []any{map[string]message.Time{"t": at}}}
	tests := []struct {
		name       string
		configured message.Version
		f          message.Fields
		want       string // version and what follows
	}{
		{"plain", "", message.Fields{Data: map[string]any{"a": 1}}, `v1.01 application/json {"a": 1}`},
		{"time", "", message.Fields{Data: withTime}, `v1.2 application/json {"l": [{"t": "2024-01-02T03:04:05+01:00"}]}`},
		{"naive time", "", message.Fields{Data: []message.Time{mustTime(t, "2024-01-02")}}, `v1.2 application/json ["2024-01-02T00:00:00"]`},
		{"std time in a struct", "", message.Fields{Data: struct{ T time.Time }{at.Time}}, `v1.2 application/json {"T": "2024-01-02T03:04:05+01:00"}`},
		{"time alone", "", message.Fields{Data: at}, `v1.2 application/json "2024-01-02T03:04:05+01:00"`},
		{"text that looks like a time", "", message.Fields{Data: map[string]any{"t": "2024-01-02"}}, `v1.01 application/json {"t": "2024-01-02"}`},
		{"configured", message.V12, message.Fields{Data: "x"}, `v1.2 text/ascii x`},
		{"configured down", message.V101, message.Fields{Data: withTime}, `v1.01 application/json {"l": [{"t": "2024-01-02T03:04:05"}]}`},
		{"own beats configured", message.V12, message.Fields{Version: "v1.1", Data: "x"}, `v1.1 text/ascii x`},
		{"old and odd", "", message.Fields{Version: "abc", Data: withTime}, `abc application/json {"l": [{"t": "2024-01-02T03:04:05"}]}`},
		{"binary", "", message.Fields{Data: []byte("x"), Binary: true}, `v1.01 binary/octet-stream x`},
		{"raw", "", message.Fields{Data: message.RawJSON(`{"a":1}`)}, `v1.01 application/json {"a":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.f.Subject, test.f.Type, test.f.Sender = "/a", "info", "me@here"
			test.f.Time = mustTime(t, "2024-05-17T09:41:12+00:00")
			m, err := message.Encoder{Version: test.configured}.Encode(test.f)
			if err != nil {
				t.Fatal(err)
			}
			offset := "+00:00"
			if m.Version() <= message.V101 {
				offset = ""
			}
			if want := "pytroll://a info me@here 2024-05-17T09:41:12" + offset + " " + test.want; m.String() != want {
				t.Errorf("got  %s\nwant %s", m, want)
			}
		})
	}
}

// What Python holds to be false is no data.
func TestNoData(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		nil, "", []byte{}, word(""), 0, uint8(0), 0.0, math.Copysign(0, -1), false, []any{}, []int(nil), map[string]any{}, map[string]int(nil),
		obj(), (*message.Object)(nil), new(big.Int), struct{}{}, (*int)(nil), new(""), message.RawJSON("{}"), (*word)(nil),
	} {
		m, err := message.New("/a", "info", v)
		if err != nil || m.MIME() != "" || m.RawData() != nil || m.String() != m.Head() {
			t.Errorf("%T %v: got %v, %v; want no data", v, v, m, err)
		}
	}
	for _, v := range []any{" ", "0", -1, math.NaN(), true, []any{nil}, []int{0}, map[string]any{"": nil}, time.Time{}} {
		m, err := message.New("/a", "info", v)
		if err != nil || m.MIME() == "" {
			t.Errorf("%T %v: got %v, %v; want data", v, v, m, err)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, v := range []any{"å x", []byte("å x"), word("å x"), octet("å x"), new("å x"), new(word("å x"))} {
		m, err := message.New("/a", "info", v)
		if err != nil || m.MIME() != message.MIMEText || string(m.RawData()) != "å x" {
			t.Errorf("%T: got %v, %v", v, m, err)
		}
		m, err = message.Encoder{}.Encode(message.Fields{Subject: "/a", Type: "file", Data: v, Binary: true})
		if err != nil || m.MIME() != message.MIMEBinary || string(m.RawData()) != "å x" || !m.Binary() {
			t.Errorf("%T binary: got %v, %v", v, m, err)
		}
	}
	// A string that writes itself is JSON.
	if m, err := message.New("/a", "info", netip.MustParseAddr("10.0.0.1")); err != nil || string(m.RawData()) != `"10.0.0.1"` {
		t.Errorf("text marshaler: got %v, %v", m, err)
	}
}

func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	good := message.Fields{Subject: "/a", Type: "info", Sender: "me@here", Data: "x", Time: mustTime(t, "2024-05-17")}
	tests := []struct {
		name   string
		change func(*message.Fields)
		field  string
		is     error
	}{
		{"no subject", func(f *message.Fields) { f.Subject = "" }, "subject", nil},
		{"no type", func(f *message.Fields) { f.Type = "" }, "type", nil},
		{"blank in the subject", func(f *message.Fields) { f.Subject = "/a b" }, "subject", nil},
		{"separator U+001C", func(f *message.Fields) { f.Type = "in\x1cfo" }, "type", nil},
		{"no-break space in the sender", func(f *message.Fields) { f.Sender = "me\u00a0@here" }, "sender", nil},
		{"newline behind the host", func(f *message.Fields) { f.Sender = "me@here\n" }, "sender", nil},
		{"subject not UTF-8", func(f *message.Fields) { f.Subject = "/\xf6" }, "subject", message.ErrNotUTF8},
		{"newer version", func(f *message.Fields) { f.Version = "v1.3" }, "version", message.ErrVersion},
		{"blank in the version", func(f *message.Fields) { f.Version = "v1 x" }, "version", nil},
		{"year 10000", func(f *message.Fields) { f.Time.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "time", nil},
		{"text not UTF-8", func(f *message.Fields) { f.Data = "\xff" }, "data", message.ErrNotUTF8},
		{"octets not UTF-8", func(f *message.Fields) { f.Data, f.Binary = []byte{0xff}, true }, "data", message.ErrNotUTF8},
		{"binary that is neither text nor bytes", func(f *message.Fields) { f.Data, f.Binary = 1, true }, "data", nil},
		{"too large", func(f *message.Fields) { f.Data = strings.Repeat("x", message.DefaultMaxSize) }, "frame", message.ErrTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := good
			test.change(&f)
			m, err := message.Encoder{}.Encode(f)
			if m != nil {
				t.Errorf("got message %.80s beside the error", m)
			}
			wantError(t, err, test.field, -1)
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %v", err, test.is)
			}
		})
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	before := time.Now().UTC().Truncate(time.Microsecond)
	m, err := message.New("/a", "info", "x")
	if err != nil {
		t.Fatal(err)
	}
	if at := m.Time().Time; at.Before(before) || at.After(time.Now()) {
		t.Errorf("got time %v, want now (%v)", at, before)
	}
	if m.Sender() != message.LocalSender() {
		t.Errorf("got sender %s, want %s", m.Sender(), message.LocalSender())
	}
	// Without leading slash it is sent as given.
	if m, err = message.New("a", "info", nil); err != nil || !strings.HasPrefix(m.String(), "pytroll:/a info ") {
		t.Errorf("got %v, %v", m, err)
	}
	// White space that text begins with is lost on the way, and so it is here.
	if m, err = message.New("/a", "info", " \u00a0x "); err != nil || string(m.RawData()) != "x " {
		t.Errorf("got %q, %v", m, err)
	}
}

// What Python holds to be false is no data, also where it is called binary: the reference looks at the data first.
func TestEncodeFalseBinary(t *testing.T) {
	t.Parallel()
	for _, data := range []any{nil, "", []byte{}, 0, 0.0, false, []any{}, map[string]any{}, message.NewObject()} {
		m, err := message.Encoder{}.Encode(message.Fields{Subject: "/a", Type: "b", Sender: "u@h", Data: data, Binary: true})
		if err != nil {
			t.Errorf("%#v: %v", data, err)
			continue
		}
		if m.MIME() != "" || m.RawData() != nil || m.Version() != message.V101 {
			t.Errorf("%#v: got %s, want a header alone, v1.01", data, m)
		}
	}
	for _, data := range []any{1, true, []any{0}, map[string]any{"a": 1}, make(chan int)} {
		if m, err := (message.Encoder{}).Encode(message.Fields{Subject: "/a", Type: "b", Data: data, Binary: true}); err == nil {
			t.Errorf("%#v: got %s, want an error", data, m)
		}
	}
}
