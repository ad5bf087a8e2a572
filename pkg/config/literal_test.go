package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What Python's ast.literal_eval makes of the same texts; "text" is where it raises and donfig keeps the text.
func TestParseLiteral(t *testing.T) {
	t.Parallel()
	type text struct{}
	tests := []struct {
		in   string
		want any
	}{
		{"5557", number("5557")},
		{" 5557 ", number("5557")},
		{"5557 # the port", number("5557")},
		{"-5", number("-5")},
		{"+ 5", number("+5")},
		{"1_000", number("1000")},
		{"0x1F", number("0x1F")},
		{"1.5e3", number("1.5e3")},
		{"5.", number("5.")},
		{"007", text{}},
		{"1__0", text{}},
		{"10.0.0.1", text{}},
		{"1j", text{}},
		{"--5", text{}},
		{"True", true},
		{"False", false},
		{"true", text{}},
		{"None", nil},
		{"Nonesuch", text{}},
		{"v1.01", text{}},
		{"", text{}},
		{"''", ""},
		{"'5557'", "5557"},
		{`"a b"`, "a b"},
		{"'a' 'b'", "ab"},
		{`'a\n\x41\u00e5\101\q'`, "a\nAåA\\q"},
		{`r'a\n'`, `a\n`},
		{"'''a\nb'''", "a\nb"},
		{"'a\nb'", text{}},
		{"'a", text{}},
		{`'\ud800'`, text{}},
		{`'\x4'`, text{}},
		{"b'a'", text{}},
		{"['10.0.0.1', '10.0.0.2']", []any{"10.0.0.1", "10.0.0.2"}},
		{"[1, [True, None],]", []any{number("1"), []any{true, nil}}},
		{"[None]", []any{nil}},
		{"('a', 'b')", []any{"a", "b"}},
		{"'a', 'b'", []any{"a", "b"}},
		{"'a',", []any{"a"}},
		{"('a')", "a"},
		{"()", []any{}},
		{"{'a', 'b'}", []any{"a", "b"}},
		{"{'a': 1, 'b': [2],}", map[string]any{"a": number("1"), "b": []any{number("2")}}},
		{"{}", map[string]any{}},
		{"{1: 2}", text{}},
		{"{'a': 1, 'b'}", text{}},
		{"[1, 2", text{}},
		{"[,]", text{}},
		{"[1] 2", text{}},
		{strings.Repeat("[", 1000) + strings.Repeat("]", 1000), text{}},
	}
	for _, tt := range tests {
		got, ok := parseLiteral(tt.in)
		if !ok {
			got = text{}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("parseLiteral(%q): (-want +got)\n%s", tt.in, diff)
		}
	}
}

func FuzzParseLiteral(f *testing.F) {
	for _, s := range []string{"5557", "'a' \"b\"", "['10.0.0.1', '10.0.0.2']", "{'a': (1, None), 'b': {True}}", `r'\x'`, "'''a", "1_0.5e-3 # c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := parseLiteral(s)
		if !ok {
			return
		}
		// What was read means the same when it is written as a literal again.
		again, ok := parseLiteral(python(v))
		if diff := cmp.Diff(v, again); !ok || diff != "" {
			t.Errorf("%q is %q again: (-want +got)\n%s", s, python(v), diff)
		}
	})
}

// python writes v as a Python literal.
func python(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case number:
		return string(v)
	case string:
		var b strings.Builder
		b.WriteByte('\'')
		for i := range len(v) {
			switch c := v[i]; c {
			case '\\', '\'':
				b.WriteByte('\\')
				b.WriteByte(c)
			case '\n':
				b.WriteString(`\n`)
			default:
				b.WriteByte(c)
			}
		}
		return b.String() + "'"
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, python(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var entries []string
		for key, item := range v {
			entries = append(entries, python(key)+": "+python(item))
		}
		return "{" + strings.Join(entries, ", ") + "}"
	}
	panic("config: no literal")
}
