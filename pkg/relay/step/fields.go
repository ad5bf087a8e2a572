package step

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pytroll/posttroll-go/internal/fieldpath"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// value makes generic data of a value from the settings.
func (b *builder) value(key string, v any) any {
	switch v := v.(type) {
	case bool, int64:
		return v
	case int:
		return int64(v)
	case string:
		if !utf8.ValidString(v) {
			b.add(key, "is no text", "")
		}
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			b.add(key, "is no finite number", "")
		}
		return v
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = b.value(fmt.Sprintf("%s[%d]", key, i+1), v[i])
		}
		return list
	case map[string]any:
		o := message.NewObject()
		for _, k := range slices.Sorted(maps.Keys(v)) {
			o.Set(k, b.value(key+"."+k, v[k]))
		}
		return o
	case time.Time:
		b.add(key, "is a date, which JSON does not have", "write it as a text, in quotes")
	default:
		b.add(key, fmt.Sprintf("is a %T", v), "")
	}
	return nil
}

// assignment is a path and what is set there.
type assignment struct {
	path  fieldpath.Path
	value any
}

type setFields []assignment

// set makes the assignments in the order of their paths.
func (b *builder) set(key string, values map[string]any) action {
	before := len(b.problems)
	s := b.assignments(nil, key, "", values)
	if len(b.problems) > before {
		return s
	}
	for i, a := range s {
		for _, other := range s[:i] {
			in, around := a.path, other.path
			if around.Within(in) {
				in, around = around, in
			}
			if in.Within(around) {
				b.add(key+"."+in.String(), fmt.Sprintf("is in %q, which the same step sets", around), "set one of them in a step of its own")
			}
		}
	}
	return s
}

// assignments appends those of a table. A table in it is one of paths again: TOML reads filesystem.host = "x" as such, and nobody who writes
// that means to lose what else the object has.
func (b *builder) assignments(s setFields, key, above string, values map[string]any) setFields {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at, path := key+"."+name, above+name
		if below, ok := values[name].(map[string]any); ok && len(below) > 0 {
			b.path(at, name)
			s = b.assignments(s, at, path+".", below)
			continue
		}
		s = append(s, assignment{b.path(at, path), b.value(at, values[name])})
	}
	return s
}

func (s setFields) do(i *Item, _ time.Time) (Reason, error) {
	return i.change(true, func(data any) (any, bool) {
		changed := false
		for _, a := range s {
			var now bool
			if data, now = a.path.Set(data, a.value); now {
				changed = true
			}
		}
		return data, changed
	})
}

type removeFields []fieldpath.Path

func (b *builder) remove(key string, paths []string) action {
	var r removeFields
	for n, path := range paths {
		r = append(r, b.path(fmt.Sprintf("%s[%d]", key, n+1), path))
	}
	return r
}

func (r removeFields) do(i *Item, _ time.Time) (Reason, error) {
	for _, p := range r {
		if reason, err := i.remove(p); reason != "" {
			return reason, err
		}
	}
	return "", nil
}

// remove takes out what p leads to.
func (i *Item) remove(p fieldpath.Path) (Reason, error) {
	elements := p.EndsInPlace() // so they may be those of a list
	if elements {
		if err := i.settle(); err != nil {
			return BadResult, err
		}
	}
	reason, err := i.change(false, p.Remove)
	if elements && reason == "" {
		if err := i.settle(); err != nil {
			return BadResult, err
		}
	}
	return reason, err
}

// changeTexts changes texts of the data, see [message.Message.WithChangedTexts], and tells whether it could: it needs data that no step before has looked at.
func (i *Item) changeTexts(wanted func([]message.TextStep) bool, change func([]message.TextStep, string) (string, bool)) bool {
	if i.decoded {
		return false
	}
	m, ok := i.in.WithChangedTexts(wanted, change)
	if ok && m != i.in {
		i.in, i.written = m, true
		i.edits++
	}
	return ok
}

// change lets f change the data of i, if that is JSON, or with create if there is none.
func (i *Item) change(create bool, f func(any) (any, bool)) (Reason, error) {
	var data any
	switch {
	case i.hasFields() || i.changed:
		var err error
		if data, err = i.Data(); err != nil {
			return BadData, err
		}
	case !create || i.in.MIME() != "":
		return "", nil
	}
	if data, changed := f(data); changed {
		i.data, i.decoded, i.changed = data, true, true
		i.edits++
	}
	return "", nil
}
