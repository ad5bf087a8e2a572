package message_test

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Structs of every sort, for comparison with encoding/json.
type (
	base struct {
		ID   int
		Name string `json:"name"`
	}
	Other struct {
		ID    int // with base's: ambiguous
		Extra string
	}
	Tagged struct {
		Same int `json:"Same"`
	}
	Untagged struct{ Same int }
	Deep     struct{ *Middle }
	Middle   struct {
		Value int
		*Recursive
	}
	Recursive struct {
		*Recursive
		Leaf int
	}
	named   string
	options struct {
		B  bool           `json:",omitempty"`
		I  int            `json:",omitempty"`
		U  uint8          `json:",omitempty"`
		F  float32        `json:",omitempty"`
		S  string         `json:",omitempty"`
		P  *int           `json:",omitempty"`
		L  []int          `json:",omitempty"`
		A  [0]int         `json:",omitempty"`
		A1 [1]int         `json:",omitempty"`
		M  map[string]int `json:",omitempty"`
		E  any            `json:",omitempty"`
		St struct{}
		T  netip.Addr
		Z  struct{ X int }   `json:",omitzero"`
		ZA netip.Addr        `json:",omitzero"`
		ZP *netip.Addr       `json:",omitzero"`
		Q1 int               `json:",string"`
		Q2 bool              `json:"q2,string"`
		Q3 string            `json:",string"`
		Q4 *float64          `json:",string"`
		Q5 *uint             `json:",string"`
		Q7 json.Number       `json:"odd name"`
		Å  map[named]float64 `json:"å,omitempty"`
	}
)

func values() []any {
	return []any{
		struct{}{}, base{1, "x"}, &base{1, "x"},
		struct {
			base
			Other
		}{base{1, "x"}, Other{2, "y"}},
		struct {
			base
			ID string
		}{base{1, "x"}, "top"},
		struct {
			Tagged
			Untagged
		}{Tagged{1}, Untagged{2}},
		struct {
			*base
			X int
		}{&base{1, "x"}, 2},
		struct {
			*Other
			X int
		}{nil, 2},
		struct{ Named base }{base{1, "x"}},
		struct {
			base `json:"named"`
		}{base{1, "x"}},
		Deep{}, Deep{&Middle{Value: 1}}, Deep{&Middle{Recursive: &Recursive{Leaf: 3}}},
		Recursive{&Recursive{nil, 1}, 2},
		struct {
			named
			X int
		}{"unexported, no struct", 1},
		struct{ netip.Addr }{netip.MustParseAddr("::1")},
		options{}, options{
			true, 1, 2, 3.5, "s", new(0), []int{1}, [0]int{}, [1]int{1}, map[string]int{"a": 1}, 1.5, struct{}{}, netip.MustParseAddr("::1"),
			struct{ X int }{1}, netip.MustParseAddr("::2"), new(netip.MustParseAddr("::3")), 4, true, "q\"", new(1.5), new(uint(5)), "7.25", map[named]float64{"n": 1.5},
		},
		map[string]any{"a": []any{1, "x", nil, true, 1.5, map[string]any{}}},
		[]*base{nil, {1, "x"}}, [][]int{nil, {}, {1}}, [3]*int{},
		map[int8]string{-1: "a", 2: "b"}, map[named][]base{"x": {{1, "y"}}},
		big.NewInt(42), []byte("bytes"), struct{ B []byte }{[]byte{}},
		json.RawMessage(`{"a": [1, 2]}`), json.Number("1.5"), named("x"), 1, uint16(2), "text", true,
	}
}

// What we write is, as JSON, what encoding/json writes.
func TestWritesAsEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, v := range values() {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%T: %v", v, err)
		}
		got, err := message.AppendJSON(nil, v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
			continue
		}
		// Both in order, so the order of fields counts as well.
		wantData, wantErr := vectorData(want)
		gotData, gotErr := vectorData(got)
		if wantErr != nil || gotErr != nil {
			t.Errorf("%T: %v, %v", v, wantErr, gotErr)
		}
		if diff := cmp.Diff(wantData, gotData, generic); diff != "" {
			t.Errorf("%T: got %s, want %s\n%s", v, got, want, diff)
		}
	}
}

// What we read is what encoding/json reads, from its JSON and from ours.
func TestReadsAsEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, v := range values() {
		typ := reflect.TypeOf(v)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := message.AppendJSON(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{text, ours, []byte("null"), []byte("{}"), []byte("[]")} {
			want, got := reflect.New(typ), reflect.New(typ)
			wantErr := json.Unmarshal(text, want.Interface())
			err := mustDecode(t, head+" application/json "+string(text)).Unmarshal(got.Interface())
			if (err == nil) != (wantErr == nil) {
				t.Errorf("%s into %s: got error %v, want %v", text, typ, err, wantErr)
				continue
			}
			if err == nil && !sameButNumbers(want.Elem(), got.Elem()) {
				t.Errorf("%s into %s: got %+v, want %+v", text, typ, got.Elem(), want.Elem())
			}
		}
	}
}

// sameButNumbers compares values, and generic data in them by its JSON: there,
// encoding/json has maps and floats where we have objects and integers.
func sameButNumbers(x, y reflect.Value) bool {
	if reflect.DeepEqual(x.Interface(), y.Interface()) {
		return true
	}
	a, errA := message.AppendJSON(nil, x.Interface())
	b, errB := message.AppendJSON(nil, y.Interface())
	if errA != nil || errB != nil {
		return false
	}
	var dataA, dataB any
	return json.Unmarshal(a, &dataA) == nil && json.Unmarshal(b, &dataB) == nil && reflect.DeepEqual(dataA, dataB)
}

// Two types with the same methods: a struct that embeds both has neither.
type (
	secret struct{ X int }
	other  struct{ Y int }
)

func (secret) MarshalJSON() ([]byte, error)  { return []byte(`"secret"`), nil }
func (*secret) UnmarshalJSON(b []byte) error { return errFailing }
func (other) MarshalJSON() ([]byte, error)   { return []byte(`"other"`), nil }
func (*other) UnmarshalJSON(b []byte) error  { return errFailing }

// Methods that cannot be called, because their value is not exported, are passed
// over; encoding/json panics.
func TestUnexportedMethods(t *testing.T) {
	t.Parallel()
	type hidden struct {
		secret `json:"secret"`
		other  `json:"other"`
	}
	want := hidden{secret{1}, other{2}}
	text, err := message.AppendJSON(nil, want)
	if err != nil || string(text) != `{"secret": {"X": 1}, "other": {"Y": 2}}` {
		t.Fatalf("got %s, %v", text, err)
	}
	var got hidden
	if err := mustDecode(t, head+" application/json "+string(text)).Unmarshal(&got); err != nil || got != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}
