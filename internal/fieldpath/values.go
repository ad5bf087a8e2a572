package fieldpath

import (
	"iter"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Values yields the values in data that p leads to, in order. The data must not change meanwhile.
func (p Path) Values(data any) iter.Seq[any] {
	return func(yield func(any) bool) { walk(data, p.parts, yield) }
}

// First returns the first value that p leads to.
func (p Path) First(data any) (any, bool) {
	for v := range p.Values(data) {
		return v, true
	}
	return nil, false
}

// walk yields what parts lead to from v, and tells whether more is wanted.
func walk(v any, parts []part, yield func(any) bool) bool {
	if len(parts) == 0 {
		return yield(v)
	}
	switch v := v.(type) {
	case *message.Object:
		if below, ok := v.Get(parts[0].key); ok {
			return walk(below, parts[1:], yield)
		}
	case []any:
		if parts[0].place >= 0 {
			if below, ok := parts[0].element(v); ok {
				return walk(below, parts[1:], yield)
			}
			return true
		}
		for _, below := range v {
			if isContainer(below) && !walk(below, parts, yield) {
				return false
			}
		}
	}
	return true
}

func isContainer(v any) bool {
	switch v.(type) {
	case *message.Object, []any:
		return true
	}
	return false
}
