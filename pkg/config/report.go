package config

import (
	"fmt"
	"io"
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

// WriteTo writes all settings as a TOML file with the origin of each that is not the default: what --check prints.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	for _, v := range r.Values() {
		fmt.Fprintf(&b, "%s = %s", v.Key, v.Text)
		if v.Origin != (Origin{}) {
			fmt.Fprintf(&b, "  # %s", v.Origin)
		}
		b.WriteByte('\n')
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}
