package message_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// shout reads its own JSON.
type shout struct{ got string }

func (s *shout) UnmarshalJSON(b []byte) error {
	if string(b) == `"bad"` {
		return errFailing
	}
	s.got = string(b)
	return nil
}

type deepest struct{ D int }

type middle struct {
	*deepest // cannot be set: unexported
	M        int
}

type Exported struct{ E int }

type target struct {
	middle
	*Exported
	Bool     bool            `json:"bool"`
	Int      int8            `json:"int"`
	Uint     uint16          `json:"uint"`
	Float    float64         `json:"float"`
	Float32  float32         `json:"float32"`
	String   string          `json:"string"`
	Bytes    []byte          `json:"bytes"`
	List     []int           `json:"list"`
	Array    [2]int          `json:"array"`
	Map      map[string]int  `json:"map"`
	Codes    map[int]string  `json:"codes"`
	Any      any             `json:"any"`
	Time     message.Time    `json:"time"`
	Std      time.Time       `json:"std"`
	Big      *big.Int        `json:"big"`
	Number   json.Number     `json:"number"`
	Object   *message.Object `json:"object"`
	Raw      message.RawJSON `json:"raw"`
	Shout    shout           `json:"shout"`
	Addr     netip.Addr      `json:"addr"`
	Ptr      **int           `json:"ptr"`
	Quoted   int             `json:"quoted,string"`
	Structs  []deepest       `json:"structs"`
	URI      string          `json:"URI"`
	Lower    string          `json:"uri"`
	Untagged string
	Times    []message.Time     `json:"times"`
	ByAddr   map[netip.Addr]int `json:"by_addr"`
	Face     fmt.Stringer       `json:"face"`
	hidden   string             // stays empty: not exported
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	seven := 7
	pseven := &seven
	day := time.Date(2010, 12, 3, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		text string
		want target
	}{
		{`{"bool": true, "int": -128, "uint": 65535, "float": 1.5, "float32": 1e38, "string": "å\u00e5"}`,
			target{Bool: true, Int: -128, Uint: 65535, Float: 1.5, Float32: 1e38, String: "åå"}},
		{`{"float": 1, "float32": -Infinity}`, target{Float: 1, Float32: float32(math.Inf(-1))}},
		{`{"float": NaN}`, target{Float: math.NaN()}},
		{`{"float": 1e400}`, target{Float: math.Inf(1)}},
		{`{"bytes": "YWJj", "list": [1, 2], "array": [1, 2, 3], "map": {"a": 1, "b": 2}, "codes": {"1": "x"}}`,
			target{Bytes: []byte("abc"), List: []int{1, 2}, Array: [2]int{1, 2}, Map: map[string]int{"a": 1, "b": 2}, Codes: map[int]string{1: "x"}}},
		{`{"bytes": [97, 98], "list": [], "array": [1], "map": {}}`, target{Bytes: []byte("ab"), List: []int{}, Array: [2]int{1, 0}, Map: map[string]int{}}},
		{`{"any": {"t": "2010-12-03", "n": 1}}`, target{Any: obj(member("t", message.Time{Time: day, Naive: true}), member("n", int64(1)))}},
		{`{"any": ["2010-12-03"]}`, target{Any: []any{message.Time{Time: day, Naive: true}}}},
		{`{"time": "2010W485", "std": "20101203"}`, target{Time: message.Time{Time: day, Naive: true}, Std: day}},
		{`{"string": "2010-12-03"}`, target{String: "2010-12-03"}},
		{`{"times": ["2010-12-03", "2010-12-03T00:00Z"]}`, target{Times: []message.Time{{Time: day, Naive: true}, {Time: day}}}},
		{`{"big": 123456789012345678901234567890, "number": 1.50}`, target{Big: mustBig(t, "123456789012345678901234567890"), Number: "1.50"}},
		{`{"object": {"b": 1, "a": 2}, "raw": {"x":  [1]}}`, target{Object: obj(member("b", int64(1)), member("a", int64(2))), Raw: message.RawJSON(`{"x":  [1]}`)}},
		{`{"shout": {"x": [1, 2]}, "addr": "10.0.0.1", "ptr": 7}`, target{Shout: shout{`{"x": [1, 2]}`}, Addr: netip.MustParseAddr("10.0.0.1"), Ptr: &pseven}},
		{`{"by_addr": {"::1": 1}}`, target{ByAddr: map[netip.Addr]int{netip.MustParseAddr("::1"): 1}}},
		{`{"quoted": "-5"}`, target{Quoted: -5}},
		{`{"structs": [{"D": 1}, {"D": 2, "x": {"y": []}}]}`, target{Structs: []deepest{{1}, {2}}}},
		{`{"URI": "a", "uri": "b", "Uri": "c", "untagged": "d", "Untagged": "e"}`, target{URI: "a", Lower: "b", Untagged: "e"}},
		{`{"M": 1, "E": 2, "hidden": "x"}`, target{middle: middle{M: 1}, Exported: &Exported{E: 2}}},
		{`{"string": "a", "string": "b", "map": {"a": 1}, "map": {"b": 2}, "structs": [{"D": 1}], "structs": [{}]}`,
			target{String: "b", Map: map[string]int{"b": 2}, Structs: []deepest{{}}}},
		{`{"bool": null, "int": null, "list": null, "any": null, "time": null, "big": null, "shout": null, "quoted": null, "face": null}`, target{Shout: shout{"null"}}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			var got target
			if err := mustDecode(t, head+" application/json "+test.text).Unmarshal(&got); err != nil {
				t.Fatal(err)
			}
			opts := cmp.Options{generic, cmp.AllowUnexported(target{}, middle{}, shout{}), cmp.Comparer(func(x, y netip.Addr) bool { return x == y })}
			if got.hidden != "" {
				t.Errorf("a field that is not exported was set")
			}
			if diff := cmp.Diff(test.want, got, opts); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func TestUnmarshalErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		offset int
		want   string
	}{
		{`{"int": 128}`, 8, "int: 128 does not fit into int8"},
		{`{"int": 1.0}`, 8, "int: 1.0 does not fit into int8"},
		{`{"int": "1"}`, 8, "int: a string does not fit into int8"},
		{`{"int": NaN}`, 8, "int: NaN does not fit into int8"},
		{`{"int": true}`, 8, "int: true does not fit into int8"},
		{`{"uint": -1}`, 9, "uint: -1 does not fit into uint16"},
		{`{"float32": 1e39}`, 12, "float32: 1e39 does not fit into float32"},
		{`{"bool": 1}`, 9, "bool: 1 does not fit into bool"},
		{`{"string": 1}`, 11, "string: 1 does not fit into string"},
		{`{"string": {}}`, 11, "string: an object does not fit into string"},
		{`{"list": {}}`, 9, "list: an object does not fit into []int"},
		{`{"list": [1, "x"]}`, 13, "list: a string does not fit into int"},
		{`{"map": []}`, 8, "map: a list does not fit into map[string]int"},
		{`{"map": {"a": 1.5}}`, 14, "map: a: 1.5 does not fit into int"},
		{`{"codes": {"x": "y"}}`, 11, `codes: the key "x" does not fit into map[int]string`},
		{`{"time": "yesterday"}`, 9, `time: "yesterday": no ISO 8601`},
		{`{"std": 5}`, 8, "std: 5 does not fit into time.Time"},
		{`{"big": 1.5}`, 8, "big: 1.5 does not fit into big.Int"},
		{`{"object": [1]}`, 11, "object: a list does not fit into message.Object"},
		{`{"shout": "bad"}`, 10, "shout: failing on purpose"},
		{`{"addr": "x"}`, 9, "addr: ParseAddr"},
		{`{"addr": 1}`, 9, "addr: a number does not fit"},
		{`{"quoted": 5}`, 11, "quoted: a number does not fit into int"},
		{`{"quoted": " 5"}`, 11, `quoted: the string " 5"`},
		{`{"quoted": "x"}`, 11, `quoted: the string "x"`},
		{`{"bytes": "?"}`, 10, "bytes: no base64"},
		{`{"array": [1, 2, ]}`, 17, "where a value should be"},
		{`{"array": [1, "x"]}`, 14, "array: a string does not fit into int"},
		{`{"array": [1 2]}`, 13, "where a comma"},
		{`{"list": [1 2]}`, 12, "where a comma"},
		{`{"map": {"a" 1}}`, 13, "where a colon"},
		{`{"bool": "x"}`, 9, "bool: a string does not fit into bool"},
		{`{"string": false}`, 11, "string: false does not fit into string"},
		{`{"string": nul}`, 11, "'n' where a value should be"},
		{`{"shout": nul}`, 10, "'n' where a value should be"},
		{`{"addr": "x}`, 12, "JSON ends in a string"},
		{`{"quoted": "5}`, 14, "JSON ends in a string"},
		{`{"face": {}}`, 9, "face: an object does not fit into fmt.Stringer"},
		{`{"structs": [{"D": []}]}`, 19, "structs: D: a list does not fit into int"},
		{`{"D": 3}`, 6, "D: embedded *message_test.deepest is nil and not exported"},
		{`[]`, 0, "a list does not fit into message_test.target"},
		{`1`, 0, "1 does not fit into message_test.target"},
		{`{"string": "x"} x`, 16, "'x' where the end should be"},
		{`{"nobody": [1, }`, 15, "where a value should be"},
	}
	start := len(head) + len(" application/json ")
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			var got target
			err := mustDecode(t, head+" application/json "+test.text).Unmarshal(&got)
			wantError(t, err, "data", start+test.offset)
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %q, want %q in it", err, test.want)
			}
		})
	}
}

// Targets other than a struct.
func TestUnmarshalTargets(t *testing.T) {
	t.Parallel()
	m := mustDecode(t, head+` application/json {"a": {"t": "2010-12-03"}}`)
	day := mustTime(t, "2010-12-03")
	inside := struct {
		T *message.Time `json:"t"`
	}{}
	tests := []struct {
		name         string
		target, want any
	}{
		{"any", new(any), new(any(obj(member("a", obj(member("t", day))))))},
		{"object", new(message.Object), obj(member("a", obj(member("t", day))))},
		{"map of any", new(map[string]any), new(map[string]any{"a": obj(member("t", day))})},
		{"map of maps", new(map[string]map[string]string), new(map[string]map[string]string{"a": {"t": "2010-12-03"}})},
		{"map of times", new(map[string]map[string]message.Time), new(map[string]map[string]message.Time{"a": {"t": day}})},
		{"what an interface points to", &struct {
			A any `json:"a"`
		}{&inside}, &struct {
			A any `json:"a"`
		}{&struct {
			T *message.Time `json:"t"`
		}{&day}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := m.Unmarshal(test.target); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.target, generic); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

// A struct of more fields than fit a word of bits, all of them twice.
func TestUnmarshalManyFields(t *testing.T) {
	t.Parallel()
	var fields []reflect.StructField
	var text strings.Builder
	for i := range 200 {
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[map[string]int]()})
		fmt.Fprintf(&text, `, "F%d": {"first": %d}, "F%d": {"second": %d}`, i, i, i, i)
	}
	v := reflect.New(reflect.StructOf(fields))
	if err := mustDecode(t, head+" application/json {"+text.String()[2:]+"}").Unmarshal(v.Interface()); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if diff := cmp.Diff(map[string]int{"second": i}, v.Elem().Field(i).Interface()); diff != "" {
			t.Errorf("F%d: want -, got +\n%s", i, diff)
		}
	}
}

func TestUnmarshalMapKeys(t *testing.T) {
	t.Parallel()
	m := mustDecode(t, head+` application/json {"1": 1, "200": 2}`)
	var uints map[uint8]int
	if err := m.Unmarshal(&uints); err != nil || uints[1] != 1 || uints[200] != 2 {
		t.Errorf("got %v, %v", uints, err)
	}
	for _, v := range []any{new(map[int8]int), new(map[float64]int), new(map[netip.Addr]int), new(map[any]int)} {
		if err := m.Unmarshal(v); err == nil {
			t.Errorf("%T: no error, got %v", v, v)
		}
	}
}

func TestUnmarshalNoTarget(t *testing.T) {
	t.Parallel()
	var nowhere loop
	for _, v := range []any{nil, target{}, (*target)(nil), 1} {
		if err := mustDecode(t, head+" application/json {}").Unmarshal(v); err == nil {
			t.Errorf("%T: no error", v)
		}
	}
	if err := mustDecode(t, head+" application/json 1").Unmarshal(&nowhere); err == nil {
		t.Error("a pointer to itself: no error")
	}
}

func TestUnmarshalText(t *testing.T) {
	t.Parallel()
	day := mustTime(t, "2010-12-03")
	tests := []struct {
		text         string
		target, want any
		is           error
	}{
		{"x", new(string), new("x"), nil},
		{"x", new(*string), new(new("x")), nil},
		{"x", new(word), new(word("x")), nil},
		{"x", new([]byte), new([]byte("x")), nil},
		{"x", new(any), new(any("x")), nil},
		{"2010-12-03", new(message.Time), &day, nil},
		{"2010-12-03", new(time.Time), &day.Time, nil},
		{"", new(string), new(""), nil},
		{"", new(any), new(any("")), nil},
		{"", &target{Int: 1}, &target{Int: 1}, message.ErrNoData},
		{"", new(message.Time), new(message.Time), message.ErrNoData},
	}
	for _, test := range tests {
		frame := head
		if test.text != "" {
			frame += " text/ascii " + test.text
		}
		err := mustDecode(t, frame).Unmarshal(test.target)
		if !errors.Is(err, test.is) {
			t.Errorf("%q into %T: got %v, want %v", test.text, test.target, err, test.is)
		}
		if diff := cmp.Diff(test.want, test.target, cmp.AllowUnexported(target{}, middle{}, shout{}), cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); diff != "" {
			t.Errorf("%q into %T: want -, got +\n%s", test.text, test.target, diff)
		}
	}
	for _, v := range []any{new(int), new(struct{}), new(map[string]any), new(netip.Addr)} {
		err := mustDecode(t, head+" text/ascii x").Unmarshal(v)
		wantError(t, err, "data", len(head)+len(" text/ascii "))
	}
}
