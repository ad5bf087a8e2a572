package fieldpath

import (
	"slices"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Change replaces each value that p leads to by what f returns for it, where f says that it differs. It returns the data, which may be
// another value than it was when p is the zero value, and whether anything has changed.
func (p Path) Change(data any, f func(any) (any, bool)) (any, bool) { return change(data, p.parts, f) }

func change(v any, parts []part, f func(any) (any, bool)) (any, bool) {
	if len(parts) == 0 {
		return f(v)
	}
	switch v := v.(type) {
	case *message.Object:
		return v, changeMember(v, parts, f)
	case []any:
		return v, changeElements(v, parts, func(below any, rest []part) (any, bool) { return change(below, rest, f) })
	}
	return v, false
}

func changeMember(o *message.Object, parts []part, f func(any) (any, bool)) bool {
	below, ok := o.Get(parts[0].key)
	if !ok {
		return false
	}
	below, changed := change(below, parts[1:], f)
	if changed {
		o.Set(parts[0].key, below)
	}
	return changed
}

// changeElements lets f change the elements of l that parts go into, with the parts that are left for them.
func changeElements(l []any, parts []part, f func(any, []part) (any, bool)) bool {
	if place := parts[0].place; place >= 0 {
		below, ok := parts[0].element(l)
		if ok {
			below, ok = f(below, parts[1:])
		}
		if ok {
			l[place] = below
		}
		return ok
	}
	changed := false
	for i := range l {
		if !isContainer(l[i]) {
			continue
		}
		if below, ok := f(l[i], parts); ok {
			l[i], changed = below, true
		}
	}
	return changed
}

// Set gives the place that p leads to the value v, and returns the data and whether that has changed it; a value that is there already, by [Equal],
// changes nothing.
//
// A key that is not there is added at the end of its object, and objects that lack on the way are made, data that is nil
// among them. Lists are not made and get no new elements: in a list Set changes the element at a place that is there,
// or all elements that are objects. What is in the way (a text where an object should be) stays, and nothing is set.
func (p Path) Set(data, v any) (any, bool) { return set(data, p.parts, v) }

func set(at any, parts []part, v any) (any, bool) {
	if len(parts) == 0 {
		if Equal(at, v) {
			return at, false
		}
		return Clone(v), true
	}
	switch at := at.(type) {
	case nil:
		return made(parts, v), true
	case *message.Object:
		return at, setMember(at, parts, v)
	case []any:
		return at, changeElements(at, parts, func(below any, rest []part) (any, bool) { return set(below, rest, v) })
	}
	return at, false
}

func setMember(o *message.Object, parts []part, v any) bool {
	below, ok := o.Get(parts[0].key)
	if !ok {
		o.Set(parts[0].key, made(parts[1:], v))
		return true
	}
	below, changed := set(below, parts[1:], v)
	if changed {
		o.Set(parts[0].key, below)
	}
	return changed
}

// made returns v within as many new objects as there are parts.
func made(parts []part, v any) any {
	v = Clone(v)
	for _, pt := range slices.Backward(parts) {
		v = message.NewObject(message.Member{Key: pt.key, Value: v})
	}
	return v
}

// Remove takes away what p leads to: keys from their objects, or with a place at the end elements from their lists. It returns the data and whether it
// has changed. The zero value removes nothing.
func (p Path) Remove(data any) (any, bool) {
	if len(p.parts) == 0 {
		return data, false
	}
	return remove(data, p.parts)
}

func remove(at any, parts []part) (any, bool) {
	last := len(parts) == 1
	switch at := at.(type) {
	case *message.Object:
		if !last {
			return at, changeMember(at, parts[:1], func(below any) (any, bool) { return remove(below, parts[1:]) })
		}
		before := at.Len()
		at.Delete(parts[0].key)
		return at, at.Len() != before
	case []any:
		if place := parts[0].place; last && place >= 0 {
			if place >= len(at) {
				return at, false
			}
			return slices.Delete(at, place, place+1), true
		}
		return at, changeElements(at, parts, remove)
	}
	return at, false
}
