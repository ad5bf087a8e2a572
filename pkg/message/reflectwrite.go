package message

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// reflected writes a value of any other type.
func (w *writer) reflected(b []byte, v any) ([]byte, error) {
	r := reflect.ValueOf(v)
	return w.reflect(b, r, planOf(r.Type()))
}

// reflect writes v, whose plan is p.
func (w *writer) reflect(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	switch p.write {
	case isString:
		return appendString(b, v.String())
	case isJSON, isJSONPtr, isText, isTextPtr:
		return w.method(b, v, p)
	}
	return w.plain(b, v, p)
}

// plain writes v by its kind.
func (w *writer) plain(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	switch p.plain {
	case isString:
		return appendString(b, v.String())
	case isBool:
		return strconv.AppendBool(b, v.Bool()), nil
	case isInt:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case isUint:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case isFloat:
		return appendFloat(b, v.Float(), p.typ.Bits()), nil
	case isStruct:
		return w.structure(b, v, p)
	case isSlice:
		return w.slice(b, v, p)
	case isArray:
		return w.elements(b, v, p)
	case isMap:
		return w.mapping(b, v, p)
	case isPointer:
		return w.pointer(b, v, p)
	case isAny, isInterface:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return w.value(b, v.Elem().Interface())
	}
	return w.special(b, v, p)
}

// special writes the types that have a class of their own.
func (w *writer) special(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	switch p.plain {
	case isOurTime:
		return w.time(b, interfaceOf[Time](v))
	case isStdTime:
		return w.time(b, Time{Time: interfaceOf[time.Time](v)})
	case isBigInt:
		n := interfaceOf[big.Int](v)
		return appendBig(b, &n)
	case isObject:
		o := interfaceOf[Object](v)
		return w.object(b, &o)
	case isRaw:
		return appendRaw(b, v.Bytes())
	case isNumber:
		return appendNumber(b, v.String())
	case isBytes:
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		b = base64.StdEncoding.AppendEncode(append(b, '"'), v.Bytes())
		return append(b, '"'), nil
	}
	return b, fmt.Errorf("a %s has no JSON", v.Type())
}

// interfaceOf returns the T in v, without allocating where v can be addressed.
func interfaceOf[T any](v reflect.Value) T {
	if v.CanAddr() {
		return *v.Addr().Interface().(*T)
	}
	return v.Interface().(T)
}

// appendNumber writes the digits of a json.Number, and 0 for an empty one.
func appendNumber(b []byte, lit string) ([]byte, error) {
	if lit == "" {
		lit = "0"
	}
	sc := scanner{s: lit}
	n, _, err := sc.number()
	if err != nil || n != lit {
		return b, fmt.Errorf("%q is no number", shown(lit))
	}
	return append(b, lit...), nil
}

func (w *writer) structure(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	if err := w.enter(); err != nil {
		return b, err
	}
	var err error
	b = append(b, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		fv, ok := fieldOf(v, f.index)
		if !ok || f.omitted(fv) {
			continue
		}
		if first {
			first = false
			b = append(b, f.quoted[len(", "):]...)
		} else {
			b = append(b, f.quoted...)
		}
		if f.plan.write == isString && !f.inString { // as most are
			b, err = appendString(b, fv.String())
		} else {
			b, err = w.field(b, fv, f)
		}
		if err != nil {
			return b, within(err, f.name)
		}
	}
	w.depth--
	return append(b, '}'), nil
}

// fieldOf finds the field at index; ok is false behind an embedded nil pointer.
func fieldOf(v reflect.Value, index []int) (reflect.Value, bool) {
	if len(index) == 1 {
		return v.Field(index[0]), true
	}
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

func (w *writer) field(b []byte, v reflect.Value, f *field) ([]byte, error) {
	if !f.inString || v.Kind() == reflect.Pointer && v.IsNil() {
		return w.reflect(b, v, f.plan)
	}
	inner, err := w.reflect(nil, v, f.plan)
	if err != nil {
		return b, err
	}
	return appendString(b, string(inner))
}

func (w *writer) slice(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	return w.elements(b, v, p)
}

func (w *writer) elements(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	if err := w.enter(); err != nil {
		return b, err
	}
	var err error
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, err = w.reflect(b, v.Index(i), p.elem); err != nil {
			return b, err
		}
	}
	w.depth--
	return append(b, ']'), nil
}

func (w *writer) pointer(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	if err := w.enter(); err != nil { // pointers may go round in a circle
		return b, err
	}
	b, err := w.reflect(b, v.Elem(), p.elem)
	w.depth--
	return b, err
}

// entry is a key of a map, as text, and its value.
type entry struct {
	key   string
	value reflect.Value
}

// mapping writes a map with its keys sorted.
func (w *writer) mapping(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	if err := w.enter(); err != nil {
		return b, err
	}
	entries, err := entriesOf(v, p)
	if err != nil {
		return b, err
	}
	b = append(b, '{')
	for i, e := range entries {
		if b, err = appendKey(b, i == 0, e.key); err != nil {
			return b, err
		}
		if b, err = w.reflect(b, e.value, p.elem); err != nil {
			return b, within(err, e.key)
		}
	}
	w.depth--
	return append(b, '}'), nil
}

// entriesOf returns what is in a map, sorted.
func entriesOf(v reflect.Value, p *plan) ([]entry, error) {
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		k, err := keyText(it.Key(), p.key)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{k, it.Value()})
	}
	slices.SortFunc(entries, func(x, y entry) int { return strings.Compare(x.key, y.key) })
	return entries, nil
}

// keyText returns the text of a map's key: a string, a TextMarshaler or an
// integer.
func keyText(k reflect.Value, p *plan) (string, error) {
	if p.plain == isString {
		return k.String(), nil
	}
	if tm, ok := k.Interface().(encoding.TextMarshaler); ok {
		if k.Kind() == reflect.Pointer && k.IsNil() {
			return "", nil
		}
		b, err := tm.MarshalText()
		return string(b), err
	}
	switch p.plain {
	case isInt:
		return strconv.FormatInt(k.Int(), 10), nil
	case isUint:
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", fmt.Errorf("a map with %s as keys has no JSON", k.Type())
}

// method writes v by its own MarshalJSON or MarshalText.
func (w *writer) method(b []byte, v reflect.Value, p *plan) ([]byte, error) {
	c := p.write
	if c == isJSONPtr || c == isTextPtr {
		if !v.CanAddr() {
			return w.plain(b, v, p)
		}
		v = v.Addr()
	}
	if !v.CanInterface() { // embedded, not exported, with a name in its tag
		return w.plain(b, v, p)
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return append(b, "null"...), nil
	}
	if c == isText || c == isTextPtr {
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return b, err
		}
		return appendString(b, string(text))
	}
	own, err := v.Interface().(json.Marshaler).MarshalJSON()
	if err != nil {
		return b, err
	}
	return w.reform(b, string(own))
}

// reform writes JSON that somebody else made in Python's form.
func (w *writer) reform(b []byte, text string) ([]byte, error) {
	v, err := parseData(text, DefaultMaxDepth-w.depth, false)
	if err != nil {
		return b, fmt.Errorf("MarshalJSON: %w", err)
	}
	return w.value(b, v)
}
