package message_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// decodeJSON returns the generic data of a message with this JSON.
func decodeJSON(tb testing.TB, text string) (any, error) {
	tb.Helper()
	return mustDecode(tb, head+" application/json "+text).Data()
}

func mustTime(tb testing.TB, s string) message.Time {
	tb.Helper()
	u, err := message.ParseTime(s)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

func mustBig(tb testing.TB, s string) *big.Int {
	tb.Helper()
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		tb.Fatalf("%s is no integer", s)
	}
	return n
}

func obj(members ...message.Member) *message.Object { return message.NewObject(members...) }

func member(key string, value any) message.Member { return message.Member{Key: key, Value: value} }

func TestData(t *testing.T) {
	t.Parallel()
	day := mustTime(t, "2010-12-03")
	tests := []struct {
		name, text string
		want       any
	}{
		{"null", `null`, nil},
		{"bools", `[true, false]`, []any{true, false}},
		{"integers", `[0, -0, 42, -42, 9223372036854775807, -9223372036854775808]`, []any{int64(0), int64(0), int64(42), int64(-42), int64(math.MaxInt64), int64(math.MinInt64)}},
		{"beyond int64", `[9223372036854775808, -9223372036854775809]`, []any{mustBig(t, "9223372036854775808"), mustBig(t, "-9223372036854775809")}},
		{"4300 digits", strings.Repeat("9", 4300), mustBig(t, strings.Repeat("9", 4300))},
		{"4300 digits below zero", "-" + strings.Repeat("9", 4300), mustBig(t, "-"+strings.Repeat("9", 4300))},
		{"floats", `[1.0, -0.0, 1e5, 1E+5, 1e-05, 0.1]`, []any{1.0, math.Copysign(0, -1), 1e5, 1e5, 1e-5, 0.1}},
		{"beyond float64", `[1e400, -1e400, 1e-400, ` + strings.Repeat("9", 5000) + `.0]`, []any{math.Inf(1), math.Inf(-1), 0.0, math.Inf(1)}},
		{"words", `[NaN, Infinity, -Infinity]`, []any{math.NaN(), math.Inf(1), math.Inf(-1)}},
		{"empty", `[[], {}, ""]`, []any{[]any{}, obj(), ""}},
		{"white space", " \t\n\r[ \n1\t,\r2 ] \n", []any{int64(1), int64(2)}},
		{"escapes", `"\"\\\/\b\f\n\r\t\u0041\u00e5\uD83D\uDEF0\u0000"`, "\"\\/\b\f\n\r\tAå🛰\x00"},
		{"lone surrogates", `"\ud800 \udc00 \ud800\u0041 \ud800\ud83d\udef0 \ud83d"`, "\ufffd \ufffd \ufffdA \ufffd🛰 \ufffd"},
		{"beyond ASCII", `"å🛰` + "\u2028\x7f" + `"`, "å🛰\u2028\x7f"},
		{"order of keys", `{"z": 1, "a": 2, "m": 3}`, obj(member("z", int64(1)), member("a", int64(2)), member("m", int64(3)))},
		{"a key twice", `{"a": 1, "b": 2, "a": {"c": 3}}`, obj(member("a", obj(member("c", int64(3)))), member("b", int64(2)))},
		{"a key twice by escapes", `{"a": 1, "\u0061": 2}`, obj(member("a", int64(2)))},
		{"empty key", `{"": 1, "": 2}`, obj(member("", int64(2)))},
		{"datetime in an object", `{"t": "2010-12-03"}`, obj(member("t", day))},
		{"datetime by escapes", `{"t": "2010\u002d12-03"}`, obj(member("t", day))},
		{"datetime in a list in an object", `[{"t": [["2010-12-03", "x"]]}]`, []any{obj(member("t", []any{[]any{day, "x"}}))}},
		{"datetime behind an object", `[{}, "2010-12-03"]`, []any{obj(), "2010-12-03"}},
		{"datetime as key", `{"2010-12-03": "x"}`, obj(member("2010-12-03", "x"))},
		{"datetime alone", `"2010-12-03"`, "2010-12-03"},
		{"digits", `{"t": "20101203", "u": "20101399", "v": "123456"}`, obj(member("t", day), member("u", "20101399"), member("v", "123456"))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeJSON(t, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, generic); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

// badJSON is what Python's json module refuses, with the byte where we do.
var badJSON = []struct {
	text   string
	offset int
}{
	{"", 0}, {"x", 0}, {"'a'", 0}, {"nul", 0}, {"nullx", 4}, {"True", 0}, {"nan", 0}, {"+1", 0}, {"-", 1}, {"-NaN", 1},
	{".5", 0}, {"1.", 1}, {"1.e5", 1}, {"1e", 1}, {"1e+", 1}, {"01", 1}, {"-01", 2}, {"0x10", 1}, {"1_0", 1}, {"1 2", 2},
	{"\u0661", 0}, {strings.Repeat("9", 4301), 0}, {"[" + strings.Repeat("9", 4301) + "]", 1},
	{"[", 1}, {"[1", 2}, {"[1,", 3}, {"[1,]", 3}, {"[,1]", 1}, {"[1 2]", 3}, {"[1}", 2}, {"]", 0}, {"[1]]", 3},
	{"{", 1}, {`{"a"`, 4}, {`{"a":`, 5}, {`{"a":1`, 6}, {`{"a":1,`, 7}, {`{"a":1,}`, 7}, {`{a:1}`, 1}, {`{1:1}`, 1},
	{`{"a" 1}`, 5}, {`{"a":}`, 5}, {`{"a":1 "b":2}`, 7}, {`{'a': 1}`, 1}, {`{"a": 1 /* x */}`, 8},
	{`"`, 1}, {`"a`, 2}, {"\"a\tb\"", 2}, {"\"a\x00\"", 2}, {"\"a\nb\"", 2}, {`"\x"`, 1}, {`"\u12"`, 1}, {`"\u123`, 1}, {`"\u+123"`, 1},
	{`"\U0041"`, 1}, {`"\`, 1}, {`"\"`, 3}, {"\ufeff{}", 0}, {"[1,\u00a02]", 3}, {"{}\v", 2},
}

func TestDataErrors(t *testing.T) {
	t.Parallel()
	start := len(head) + len(" application/json ")
	for _, test := range badJSON {
		m := mustDecode(t, head+" application/json "+test.text)
		_, err := m.Data()
		wantError(t, err, "data", start+test.offset)
		// Reading into a value checks as much, also in what it passes over.
		var s struct{ X int }
		if err := m.Unmarshal(&s); err == nil {
			t.Errorf("%q: no error from Unmarshal", test.text)
		}
		passed := mustDecode(t, head+` application/json {"passed over": `+test.text+`}`)
		if err := passed.Unmarshal(&s); err == nil {
			t.Errorf("%q passed over: no error from Unmarshal", test.text)
		}
	}
}

// Offsets are those of the frame, whatever its encoding.
func TestDataErrorOffsetLatin1(t *testing.T) {
	t.Parallel()
	const before = "pytroll://\xf6 info me@here 2024-05-17 v1.01 application/json {\"\xf6\xf6\": "
	_, err := mustDecode(t, before+"x}").Data()
	wantError(t, err, "data", len(before))
}

// Each call gives values of its own.
func TestDataIsTheCallers(t *testing.T) {
	t.Parallel()
	m := mustDecode(t, head+` application/json {"a": [1]}`)
	for range 2 {
		data, err := m.Data()
		if err != nil {
			t.Fatal(err)
		}
		o := data.(*message.Object)
		list, _ := o.Get("a")
		if diff := cmp.Diff([]any{int64(1)}, list); diff != "" {
			t.Fatalf("want -, got +\n%s", diff)
		}
		list.([]any)[0] = "changed"
		o.Set("b", 2)
	}
}

// Strings keep their spelling where no times are wanted, all else is as in Data.
func TestPlainData(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, frame string
		want        any
	}{
		{"object", head + ` application/json {"t": "20240517", "l": ["2024-05-17T09:41:12.5+02:00", 1, {"n": 1.5}], "k": null}`,
			obj(member("t", "20240517"), member("l", []any{"2024-05-17T09:41:12.5+02:00", int64(1), obj(member("n", 1.5))}), member("k", nil))},
		{"text", head + " text/ascii 20240517", "20240517"},
		{"none", head, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := mustDecode(t, tt.frame).PlainData()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, generic); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
	_, err := mustDecode(t, head+" application/json {x}").PlainData()
	wantError(t, err, "data", len(head+" application/json {"))
}
