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
func (w *writer) reflected(v any) error {
	r := reflect.ValueOf(v)
	return w.reflect(r, planOf(r.Type()))
}

// reflect writes v, whose plan is p.
func (w *writer) reflect(v reflect.Value, p *plan) error {
	switch p.write {
	case isJSON, isJSONPtr, isText, isTextPtr:
		return w.method(v, p)
	}
	return w.plain(v, p)
}

// plain writes v by its kind.
func (w *writer) plain(v reflect.Value, p *plan) error {
	switch p.plain {
	case isString:
		return w.str(v.String())
	case isBool:
		w.buf = strconv.AppendBool(w.buf, v.Bool())
	case isInt:
		w.buf = strconv.AppendInt(w.buf, v.Int(), 10)
	case isUint:
		w.buf = strconv.AppendUint(w.buf, v.Uint(), 10)
	case isFloat:
		w.float(v.Float(), v.Type().Bits())
	case isStruct:
		return w.structure(v, p)
	case isSlice:
		return w.slice(v, p)
	case isArray:
		return w.elements(v, p)
	case isMap:
		return w.mapping(v, p)
	case isPointer:
		return w.pointer(v, p)
	case isAny, isInterface:
		if v.IsNil() {
			return w.value(nil)
		}
		return w.value(v.Elem().Interface())
	case unsupported:
		return fmt.Errorf("a %s has no JSON", v.Type())
	default:
		return w.special(v, p)
	}
	return nil
}

// special writes the types that have a class of their own.
func (w *writer) special(v reflect.Value, p *plan) error {
	switch p.plain {
	case isOurTime:
		return w.time(v.Interface().(Time))
	case isStdTime:
		return w.time(Time{Time: v.Interface().(time.Time)})
	case isBigInt:
		n := v.Interface().(big.Int)
		return w.bigInt(&n)
	case isObject:
		o := v.Interface().(Object)
		return w.object(&o)
	case isRaw:
		w.raw(v.Bytes())
	case isNumber:
		return w.number(v.String())
	case isBytes:
		if v.IsNil() {
			return w.value(nil)
		}
		w.buf = append(w.buf, '"')
		w.buf = base64.StdEncoding.AppendEncode(w.buf, v.Bytes())
		w.buf = append(w.buf, '"')
	}
	return nil
}

// number writes the digits of a json.Number, and 0 for an empty one.
func (w *writer) number(lit string) error {
	if lit == "" {
		lit = "0"
	}
	sc := scanner{s: lit}
	n, _, err := sc.number()
	if err != nil || n != lit {
		return fmt.Errorf("%q is no number", shown(lit))
	}
	w.buf = append(w.buf, lit...)
	return nil
}

func (w *writer) structure(v reflect.Value, p *plan) error {
	if err := w.enter(); err != nil {
		return err
	}
	w.buf = append(w.buf, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		fv, ok := fieldOf(v, f.index)
		if !ok || f.omitted(fv) {
			continue
		}
		w.comma(first)
		first = false
		w.buf = append(w.buf, f.quoted...)
		if err := w.field(fv, f); err != nil {
			return within(err, f.name)
		}
	}
	w.buf = append(w.buf, '}')
	w.depth--
	return nil
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

func (w *writer) field(v reflect.Value, f *field) error {
	if !f.inString || v.Kind() == reflect.Pointer && v.IsNil() {
		return w.reflect(v, f.plan)
	}
	inner := writer{cut: w.cut, depth: w.depth}
	if err := inner.reflect(v, f.plan); err != nil {
		return err
	}
	return w.str(string(inner.buf))
}

func (w *writer) slice(v reflect.Value, p *plan) error {
	if v.IsNil() {
		return w.value(nil)
	}
	return w.elements(v, p)
}

func (w *writer) elements(v reflect.Value, p *plan) error {
	if err := w.enter(); err != nil {
		return err
	}
	w.buf = append(w.buf, '[')
	for i := range v.Len() {
		w.comma(i == 0)
		if err := w.reflect(v.Index(i), p.elem); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ']')
	w.depth--
	return nil
}

func (w *writer) pointer(v reflect.Value, p *plan) error {
	if v.IsNil() {
		return w.value(nil)
	}
	if err := w.enter(); err != nil { // pointers may go round in a circle
		return err
	}
	err := w.reflect(v.Elem(), p.elem)
	w.depth--
	return err
}

// mapping writes a map with its keys sorted.
func (w *writer) mapping(v reflect.Value, p *plan) error {
	if v.IsNil() {
		return w.value(nil)
	}
	if err := w.enter(); err != nil {
		return err
	}
	type entry struct {
		key   string
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		k, err := keyText(it.Key(), p.key)
		if err != nil {
			return err
		}
		entries = append(entries, entry{k, it.Value()})
	}
	slices.SortFunc(entries, func(x, y entry) int { return strings.Compare(x.key, y.key) })
	w.buf = append(w.buf, '{')
	for i, e := range entries {
		if err := w.key(i == 0, e.key); err != nil {
			return err
		}
		if err := w.reflect(e.value, p.elem); err != nil {
			return within(err, e.key)
		}
	}
	w.buf = append(w.buf, '}')
	w.depth--
	return nil
}

// keyText returns the text of a map's key: a string, a TextMarshaler or an integer.
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
func (w *writer) method(v reflect.Value, p *plan) error {
	c := p.write
	if c == isJSONPtr || c == isTextPtr {
		if !v.CanAddr() {
			return w.plain(v, p)
		}
		v = v.Addr()
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return w.value(nil)
	}
	if c == isText || c == isTextPtr {
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return err
		}
		return w.str(string(text))
	}
	b, err := v.Interface().(json.Marshaler).MarshalJSON()
	if err != nil {
		return err
	}
	return w.reform(string(b))
}

// reform writes JSON that somebody else made in Python's form.
func (w *writer) reform(text string) error {
	sc := newScanner(text, DefaultMaxDepth-w.depth)
	defer sc.free()
	sc.noTimes = true
	v, err := sc.value(false)
	if err == nil {
		err = sc.end()
	}
	if err != nil {
		return fmt.Errorf("MarshalJSON: %w", err)
	}
	return w.value(v)
}
