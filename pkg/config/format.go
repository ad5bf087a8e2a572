package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Format returns v, the value of a setting, as it stands in a TOML file.
func Format(v any) string { return format(reflect.ValueOf(v)) }

func format(v reflect.Value) string { return formatter{}.format(v) }

// formatter writes values as TOML.
type formatter struct {
	// setOnly leaves out of tables what has its zero value.
	setOnly bool
}

func (f formatter) format(v reflect.Value) string {
	if !v.IsValid() {
		return `""`
	}
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return `""`
		}
		return f.format(v.Elem())
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return quote(formatDuration(x))
	case Switch:
		if x == System {
			return quote(x.String())
		}
		return x.String()
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			return quote(fmt.Sprint(x))
		}
		return quote(string(text))
	case fmt.Stringer:
		return quote(x.String())
	}
	switch v.Kind() {
	case reflect.String:
		return quote(v.String())
	case reflect.Slice:
		return f.list(v)
	case reflect.Map:
		return f.mapping(v)
	case reflect.Struct:
		return f.structure(v)
	case reflect.Float32, reflect.Float64:
		s := strconv.FormatFloat(v.Float(), 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		return s
	default:
		return fmt.Sprint(v.Interface())
	}
}

func (f formatter) list(v reflect.Value) string {
	items := make([]string, v.Len())
	for i := range items {
		items[i] = f.format(v.Index(i))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func (f formatter) mapping(v reflect.Value) string {
	var entries []string
	values := map[string]reflect.Value{}
	for key, value := range v.Seq2() {
		values[key.String()] = value
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		entries = append(entries, quote(key)+" = "+f.format(values[key]))
	}
	return "{" + strings.Join(entries, ", ") + "}"
}

func (f formatter) structure(v reflect.Value) string {
	var entries []string
	for key, value := range structFields(v) {
		if !f.setOnly || !value.IsZero() {
			entries = append(entries, key+" = "+f.format(value))
		}
	}
	return "{" + strings.Join(entries, ", ") + "}"
}

// formatDuration writes "10m" where Duration.String says "10m0s".
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// quote writes a TOML basic string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, string(utf8.RuneError)) {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
