package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Report tells where the settings of a [Load] came from.
type Report struct {
	// Warnings are what an operator should know; the caller logs each once.
	Warnings []Warning
	// Files are the files that were there and read, in order.
	Files []string

	table   *table
	origins map[string]Origin
	lines   map[string]func(path string) int // for the parts of settings that files have set
}

// Value is a setting that counts.
type Value struct {
	Key    string
	Text   string // as a TOML value; a type that keeps a secret writes itself redacted
	Origin Origin
}

// Origin returns where the setting key came from. Of a part of a setting, such as "limits.total" or "route[2].step[1].keep", it tells the
// line where that part is set, or the nearest one around it that is.
func (r *Report) Origin(key string) Origin {
	top := key
	if end := strings.IndexAny(key, ".["); end >= 0 {
		top = key[:end]
	}
	from := r.origins[top]
	if lines := r.lines[top]; lines != nil {
		from.Line = lines(key)
	}
	return from
}

// Values returns all settings as the targets of Load hold them now, in the order of their fields.
func (r *Report) Values() []Value {
	var values []Value
	for _, f := range r.table.fields {
		values = append(values, Value{f.key, format(f.values[0]), r.origins[f.key]})
	}
	return values
}

// WriteTo writes all settings as a TOML file with the origin of each that is not the default: what --check prints. Lists of tables come last, each table with
// what is set in it.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b, tables strings.Builder
	for _, f := range r.table.fields {
		v := f.values[0]
		if v.Kind() == reflect.Slice && hasParts(v.Type()) && v.Len() > 0 {
			r.writeTables(&tables, f.key, v)
			continue
		}
		fmt.Fprintf(&b, "%s = %s%s\n", f.key, format(v), comment(r.origins[f.key]))
	}
	b.WriteString(tables.String())
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// writeTables writes a list of tables.
func (r *Report) writeTables(b *strings.Builder, key string, list reflect.Value) {
	for i := range list.Len() {
		fmt.Fprintf(b, "\n[[%s]]%s\n", key, comment(r.Origin(fmt.Sprintf("%s[%d]", key, i+1))))
		writeSet(b, "", reflect.Indirect(list.Index(i)))
	}
}

// writeSet writes what is set in a table, that of tables in it by dotted keys.
func writeSet(b *strings.Builder, prefix string, table reflect.Value) {
	for key, value := range structFields(table) {
		switch {
		case value.IsZero():
		case reflect.Indirect(value).Kind() == reflect.Struct && hasParts(value.Type()):
			writeSet(b, prefix+key+".", reflect.Indirect(value))
		default:
			fmt.Fprintf(b, "%s%s = %s\n", prefix, key, formatter{setOnly: true}.format(value))
		}
	}
}

// comment tells of an origin, unless it is the default.
func comment(from Origin) string {
	if from == (Origin{}) {
		return ""
	}
	return "  # " + from.String()
}
