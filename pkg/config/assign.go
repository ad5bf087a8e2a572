package config

import (
	"encoding"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fault is why a value does not fit a setting, or a part of it.
type fault struct {
	path string // "limits.total", "rule[2].from"
	text string
	hint string
}

// unknownKey is the text of the fault of a key that is none.
const unknownKey = "unknown key"

// assigner puts generic values into settings. Values are nil, bool, int64, float64, string, number, time.Time, []any and
// map[string]any, and from flags what the setting's type is.
type assigner struct {
	// loose takes text for everything, as the environment and the command line give it.
	loose bool
}

// number is a number of the environment, as written: a setting that is a text keeps it so.
type number string

var (
	durationType        = reflect.TypeFor[time.Duration]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// assign sets dst to v when all of v fits, and else tells what does not. Of tables, and of lists of tables, it sets those parts that
// fit: who looks at the rest of them finds more at once.
func (a assigner) assign(dst reflect.Value, v any, path string) []fault {
	// A copy is filled, so that dst keeps what it had when something does not fit.
	fresh := reflect.New(dst.Type()).Elem()
	if dst.Kind() == reflect.Struct {
		fresh.Set(dst) // a table changes the keys that it names
	}
	faults := a.fill(fresh, v, path)
	if len(faults) == 0 || hasParts(dst.Type()) {
		dst.Set(fresh)
	}
	return faults
}

// hasParts tells whether values of type t are tables or lists of them.
func hasParts(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(textUnmarshalerType)
}

func (a assigner) fill(dst reflect.Value, v any, path string) []fault {
	if given := reflect.ValueOf(v); a.loose && given.IsValid() && given.Type() == dst.Type() {
		dst.Set(given)
		return nil
	}
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		return a.fill(dst.Elem(), v, path)
	}
	if dst.Type() == durationType {
		return a.duration(dst, v, path)
	}
	if u, ok := dst.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return a.unmarshal(u, v, path)
	}
	switch {
	case dst.Kind() == reflect.Bool:
		return a.boolean(dst, v, path)
	case dst.CanInt():
		return a.integer(dst, v, path)
	case dst.CanUint():
		return a.unsigned(dst, v, path)
	case dst.CanFloat():
		return a.float(dst, v, path)
	case dst.Kind() == reflect.String:
		return a.text(dst, v, path)
	case dst.Kind() == reflect.Slice:
		return a.list(dst, v, path)
	case dst.Kind() == reflect.Map && dst.Type().Key().Kind() == reflect.String:
		return a.mapping(dst, v, path)
	case dst.Kind() == reflect.Struct:
		return a.structure(dst, v, path)
	case dst.Kind() == reflect.Interface && dst.NumMethod() == 0:
		if v != nil {
			dst.Set(reflect.ValueOf(v))
		}
		return nil
	}
	panic(fmt.Sprintf("config: setting %s has the unsupported type %s", path, dst.Type()))
}

func (a assigner) boolean(dst reflect.Value, v any, path string) []fault {
	if b, ok := v.(bool); ok {
		dst.SetBool(b)
		return nil
	}
	if s, ok := a.asText(v); ok {
		if b, ok := parseBool(s); ok {
			dst.SetBool(b)
			return nil
		}
	}
	return wrong(path, "true or false", v)
}

func (a assigner) integer(dst reflect.Value, v any, path string) []fault {
	n, ok := a.asInt(v)
	if !ok {
		return wrong(path, "a whole number", v)
	}
	if dst.OverflowInt(n) {
		return wrong(path, "a smaller number", v)
	}
	dst.SetInt(n)
	return nil
}

func (a assigner) unsigned(dst reflect.Value, v any, path string) []fault {
	n, ok := a.asInt(v)
	if !ok || n < 0 {
		return wrong(path, "a whole number that is not negative", v)
	}
	if dst.OverflowUint(uint64(n)) {
		return wrong(path, "a smaller number", v)
	}
	dst.SetUint(uint64(n))
	return nil
}

// asInt returns the whole number in v.
func (a assigner) asInt(v any) (int64, bool) {
	if n, ok := v.(int64); ok {
		return n, true
	}
	s, ok := a.asText(v)
	if !ok {
		return 0, false
	}
	base := 0
	if _, ok := v.(number); !ok {
		base = 10 // a quoted number is what Python's int() takes: "007" is 7
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), base, 64)
	return n, err == nil
}

func (a assigner) float(dst reflect.Value, v any, path string) []fault {
	var x float64
	switch v := v.(type) {
	case float64:
		x = v
	case int64:
		x = float64(v)
	default:
		s, ok := a.asText(v)
		if !ok {
			return wrong(path, "a number", v)
		}
		var err error
		if x, err = strconv.ParseFloat(strings.TrimSpace(s), 64); err != nil {
			return wrong(path, "a number", v)
		}
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return wrong(path, "a finite number", v)
	}
	dst.SetFloat(x)
	return nil
}

func (a assigner) text(dst reflect.Value, v any, path string) []fault {
	s, ok := v.(string)
	if !ok {
		s, ok = a.asText(v)
	}
	if !ok {
		return wrong(path, "a text", v)
	}
	dst.SetString(s)
	return nil
}

func (a assigner) duration(dst reflect.Value, v any, path string) []fault {
	s, ok := v.(string)
	if !ok {
		faults := wrong(path, `a duration such as "10m"`, v)
		switch v.(type) {
		case int64, float64, number:
			faults[0].hint = `a bare number has no unit: write "500ms", "30s", "10m" or "2h"`
		}
		return faults
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return []fault{{path, fmt.Sprintf("%q is no duration", s), `units are ms, s, m and h: "500ms", "30s", "1h30m"`}}
	}
	dst.SetInt(int64(d))
	return nil
}

// unmarshal hands scalars to types that read themselves.
func (a assigner) unmarshal(u encoding.TextUnmarshaler, v any, path string) []fault {
	s, ok := v.(string)
	if !ok {
		s, ok = (assigner{loose: true}).asText(v)
	}
	if !ok {
		return wrong(path, "a text", v)
	}
	if err := u.UnmarshalText([]byte(s)); err != nil {
		if _, ok := u.(*netip.Addr); ok {
			return wrong(path, "an IP address", s)
		}
		return []fault{{path: path, text: err.Error()}}
	}
	return nil
}

// asText returns scalars as text, when text is taken for them.
func (a assigner) asText(v any) (string, bool) {
	if !a.loose {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return v, true
	case number:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case int:
		return strconv.Itoa(v), true
	}
	return "", false
}

func (a assigner) list(dst reflect.Value, v any, path string) []fault {
	items, ok := a.asList(v)
	if !ok {
		faults := wrong(path, "a list", v)
		faults[0].hint = listHint(dst.Type(), v, path)
		return faults
	}
	var faults []fault
	list := reflect.MakeSlice(dst.Type(), len(items), len(items))
	for i, item := range items {
		faults = append(faults, a.fill(list.Index(i), item, fmt.Sprintf("%s[%d]", path, i+1))...)
	}
	dst.Set(list)
	return faults
}

// listHint says how the only item of a list is written: what is forgotten most often.
func listHint(list reflect.Type, v any, path string) string {
	tables := list.Elem().Kind() == reflect.Struct
	switch v := v.(type) {
	case string:
		if !tables {
			return fmt.Sprintf("a list stands in brackets, also with one item: [%s]", strconv.Quote(shorten(v)))
		}
	case map[string]any:
		if tables {
			return fmt.Sprintf("there may be several: each begins with [[%s]]", placeless(path))
		}
	}
	return ""
}

// placeless is a path as it stands in the heading of a table, without places in lists.
func placeless(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(path, "[") {
		if _, behind, ok := strings.Cut(part, "]"); ok {
			part = behind
		}
		b.WriteString(part)
	}
	return b.String()
}

// asList returns the items of v; text of the environment is split at commas and white space.
func (a assigner) asList(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []map[string]any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = item
		}
		return items, true
	}
	s, ok := a.asText(v)
	if !ok {
		return nil, false
	}
	var items []any
	for item := range strings.FieldsFuncSeq(s, isListSeparator) {
		items = append(items, item)
	}
	return items, true
}

func isListSeparator(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }

func (a assigner) mapping(dst reflect.Value, v any, path string) []fault {
	entries, ok := v.(map[string]any)
	if !ok {
		return wrong(path, "a table", v)
	}
	var faults []fault
	dst.Set(reflect.MakeMapWithSize(dst.Type(), len(entries)))
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		value := reflect.New(dst.Type().Elem()).Elem()
		faults = append(faults, a.fill(value, entries[key], path+"."+key)...)
		dst.SetMapIndex(reflect.ValueOf(key).Convert(dst.Type().Key()), value)
	}
	return faults
}

func (a assigner) structure(dst reflect.Value, v any, path string) []fault {
	entries, ok := v.(map[string]any)
	if !ok {
		return wrong(path, "a table", v)
	}
	fields, keys := map[string]reflect.Value{}, []string(nil)
	for key, value := range structFields(dst) {
		fields[key] = value
		keys = append(keys, key)
	}
	var faults []fault
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		below := path + "." + key
		if value, ok := fields[key]; ok {
			faults = append(faults, a.assign(value, entries[key], below)...)
			continue
		}
		faults = append(faults, fault{below, unknownKey, suggest(key, keys)})
	}
	return faults
}

// wrong is the fault of a value of the wrong kind.
func wrong(path, want string, got any) []fault {
	return []fault{{path: path, text: fmt.Sprintf("want %s, got %s", want, describe(got))}}
}

// describe names a value for an error, shortened.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return "the text " + strconv.Quote(shorten(v))
	case number:
		return "the number " + shorten(string(v))
	case int64, float64, int:
		return fmt.Sprintf("the number %v", v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return "a date"
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	default:
		return fmt.Sprintf("a %T", v)
	}
}

// shorten cuts what would fill the screen.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " …"
}
