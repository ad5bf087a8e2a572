package message

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// into reads the value that is next into v, whose plan is p. inObject tells
// whether strings may be datetimes.
func (sc *scanner) into(v reflect.Value, p *plan, inObject bool) error {
	c := sc.next()
	if c == 'n' && sc.word("null") {
		return sc.null(v, p)
	}
	switch p.read {
	case isJSON, isJSONPtr, isText, isTextPtr:
		return sc.method(v, p)
	case isPointer:
		if v.IsNil() {
			v.Set(reflect.New(p.elem.typ))
		}
		return sc.into(v.Elem(), p.elem, inObject)
	case isAny, isInterface:
		return sc.intoInterface(v, p, inObject)
	case isObject:
		return sc.intoObject(v, p)
	}
	switch c {
	case '{':
		return sc.intoKeys(v, p)
	case '[':
		return sc.intoElements(v, p, inObject)
	case '"':
		return sc.intoString(v, p)
	}
	return sc.intoScalar(v, p)
}

// null is what null, which has just been read, does to v.
func (sc *scanner) null(v reflect.Value, p *plan) error {
	if p.read == isJSONPtr { // encoding/json passes it on
		err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON([]byte("null"))
		return sc.from(sc.pos-len("null"), err)
	}
	switch p.plain {
	case isPointer, isMap, isSlice, isBytes, isAny, isInterface, isRaw:
		v.SetZero()
	}
	return nil
}

// intoInterface reads into what a pointer in v points to, or puts generic data
// into v.
func (sc *scanner) intoInterface(v reflect.Value, p *plan, inObject bool) error {
	if ptr := v.Elem(); ptr.Kind() == reflect.Pointer && !ptr.IsNil() && ptr.Elem().Kind() != reflect.Interface {
		return sc.into(ptr.Elem(), planOf(ptr.Type().Elem()), inObject)
	}
	if p.plain == isInterface {
		return sc.wrong(p.typ)
	}
	x, err := sc.value(inObject)
	if err == nil {
		v.Set(reflect.ValueOf(x))
	}
	return err
}

// intoObject reads an Object with its keys in order.
func (sc *scanner) intoObject(v reflect.Value, p *plan) error {
	if c := sc.next(); c != '{' {
		return sc.wrong(p.typ)
	}
	o, err := sc.object()
	if err == nil {
		v.Set(reflect.ValueOf(*o))
	}
	return err
}

// wrong passes over the value that is next, so that an error in it comes
// first, and says that it does not fit.
func (sc *scanner) wrong(t reflect.Type) error {
	start, c := sc.pos, sc.next()
	if err := sc.skip(); err != nil {
		return err
	}
	return sc.mismatch(start, kindOf(c), t)
}

func (sc *scanner) intoKeys(v reflect.Value, p *plan) error {
	switch p.plain {
	case isStruct:
		return sc.intoStruct(v, p)
	case isMap:
		return sc.intoMap(v, p)
	case isRaw:
		return sc.intoRaw(v)
	}
	return sc.wrong(p.typ)
}

// intoRaw keeps the bytes of the value that is next.
func (sc *scanner) intoRaw(v reflect.Value) error {
	start := sc.pos
	if err := sc.skip(); err != nil {
		return err
	}
	v.SetBytes([]byte(sc.s[start:sc.pos]))
	return nil
}

func (sc *scanner) intoStruct(v reflect.Value, p *plan) error {
	if err := sc.enter(); err != nil {
		return err
	}
	var seen fieldSet
	for first := true; ; first = false {
		more, err := sc.more(first, '}')
		if err != nil || !more {
			return err
		}
		key, err := sc.key()
		if err != nil {
			return err
		}
		i := p.field(key)
		if i < 0 {
			if err := sc.skip(); err != nil {
				return err
			}
			continue
		}
		f := &p.fields[i]
		fv := settable(v, f.index)
		if seen.add(i) {
			fv.SetZero() // nothing of the earlier value stays
		}
		if err := sc.intoField(fv, f); err != nil {
			return sc.inKey(err, key)
		}
	}
}

// inKey tells in an error which key it is about.
func (sc *scanner) inKey(err error, key string) error {
	if e, ok := err.(*Error); ok {
		return &Error{Field: e.Field, Offset: e.Offset, Err: within(e.Err, key)}
	}
	return &Error{Field: "data", Offset: sc.pos, Err: within(err, key)}
}

// fieldSet remembers which fields of a struct have been there.
type fieldSet struct {
	few  uint64
	many map[int]bool
}

// add adds i and tells whether it was there already.
func (s *fieldSet) add(i int) bool {
	if i < 64 {
		was := s.few&(1<<i) != 0
		s.few |= 1 << i
		return was
	}
	if s.many == nil {
		s.many = make(map[int]bool)
	}
	was := s.many[i]
	s.many[i] = true
	return was
}

// settable finds the field at index, and makes embedded pointers on the way.
func settable(v reflect.Value, index []int) reflect.Value {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v
}

// intoField reads a field of a struct.
func (sc *scanner) intoField(v reflect.Value, f *field) error {
	if !f.inString {
		return sc.into(v, f.plan, true)
	}
	c := sc.next()
	if c == 'n' && sc.word("null") {
		return sc.null(v, f.plan)
	}
	start := sc.pos
	if c != '"' {
		return sc.wrong(f.plan.typ)
	}
	s, err := sc.str()
	if err != nil {
		return err
	}
	inner := newScanner(s, 1)
	defer inner.free()
	if inner.into(v, f.plan, true) != nil || inner.end() != nil {
		return sc.mismatch(start, "the string "+strconv.Quote(shown(s)), f.plan.typ)
	}
	return nil
}

func (sc *scanner) intoMap(v reflect.Value, p *plan) error {
	if err := sc.enter(); err != nil {
		return err
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(p.typ))
	}
	elem := reflect.New(p.elem.typ).Elem()
	for first := true; ; first = false {
		more, err := sc.more(first, '}')
		if err != nil || !more {
			return err
		}
		start := sc.pos
		key, err := sc.key()
		if err != nil {
			return err
		}
		k, err := mapKey(key, p.key)
		if err != nil {
			return sc.mismatch(start, "the key "+strconv.Quote(shown(key)), p.typ)
		}
		elem.SetZero()
		if err := sc.into(elem, p.elem, true); err != nil {
			return sc.inKey(err, key)
		}
		v.SetMapIndex(k, elem)
	}
}

// mapKey makes a key of a map.
func mapKey(s string, p *plan) (reflect.Value, error) {
	k := reflect.New(p.typ).Elem()
	switch {
	case p.read == isTextPtr:
		return k, k.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
	case p.plain == isString:
		k.SetString(s)
		return k, nil
	case p.plain == isInt:
		n, err := strconv.ParseInt(s, 10, p.typ.Bits())
		k.SetInt(n)
		return k, err
	case p.plain == isUint:
		n, err := strconv.ParseUint(s, 10, p.typ.Bits())
		k.SetUint(n)
		return k, err
	}
	return k, strconv.ErrSyntax
}

func (sc *scanner) intoElements(v reflect.Value, p *plan, inObject bool) error {
	switch p.plain {
	case isSlice, isBytes:
		return sc.intoSlice(v, p, inObject)
	case isArray:
		return sc.intoArray(v, p, inObject)
	case isRaw:
		return sc.intoRaw(v)
	}
	return sc.wrong(p.typ)
}

func (sc *scanner) intoSlice(v reflect.Value, p *plan, inObject bool) error {
	if err := sc.enter(); err != nil {
		return err
	}
	n := 0
	for first := true; ; first = false {
		more, err := sc.more(first, ']')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if n == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(n + 1)
		elem := v.Index(n)
		elem.SetZero()
		if err := sc.into(elem, p.elem, inObject); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		v.Set(reflect.MakeSlice(p.typ, 0, 0))
	} else {
		v.SetLen(n)
	}
	return nil
}

// intoArray fills an array: what is too much is dropped, the rest is zero.
func (sc *scanner) intoArray(v reflect.Value, p *plan, inObject bool) error {
	if err := sc.enter(); err != nil {
		return err
	}
	n := 0
	for first := true; ; first = false {
		more, err := sc.more(first, ']')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if n < v.Len() {
			err = sc.into(v.Index(n), p.elem, inObject)
		} else {
			err = sc.skip()
		}
		if err != nil {
			return err
		}
		n++
	}
	for ; n < v.Len(); n++ {
		v.Index(n).SetZero()
	}
	return nil
}

// intoString reads the string that is next.
func (sc *scanner) intoString(v reflect.Value, p *plan) error {
	if p.plain == isRaw {
		return sc.intoRaw(v)
	}
	start := sc.pos
	s, err := sc.str()
	if err != nil {
		return err
	}
	switch p.plain {
	case isString:
		v.SetString(s)
		return nil
	case isOurTime, isStdTime:
		t, ok := parseTime(s)
		if !ok {
			return fieldError("data", start, "%q: %w", shown(s), errNoTime)
		}
		if p.plain == isOurTime {
			*v.Addr().Interface().(*Time) = t
		} else {
			*v.Addr().Interface().(*time.Time) = t.Time
		}
		return nil
	case isBytes:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return fieldError("data", start, "no base64: %v", err)
		}
		v.SetBytes(b)
		return nil
	}
	return sc.mismatch(start, "a string", p.typ)
}

// intoScalar reads a number, a bool, NaN or an infinity.
func (sc *scanner) intoScalar(v reflect.Value, p *plan) error {
	start := sc.pos
	if p.plain == isRaw {
		return sc.intoRaw(v)
	}
	x, err := sc.literal()
	if err != nil {
		return err
	}
	if !x.store(v, p) {
		return sc.mismatch(start, shown(sc.s[start:sc.pos]), p.typ)
	}
	return nil
}

// method lets v read its own JSON or text.
func (sc *scanner) method(v reflect.Value, p *plan) error {
	if p.read == isJSON || p.read == isText { // the pointer itself has the methods
		if v.Kind() == reflect.Pointer && v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
	} else {
		v = v.Addr()
	}
	start := sc.pos
	if p.read == isText || p.read == isTextPtr {
		if sc.next() != '"' {
			return sc.wrong(p.typ)
		}
		s, err := sc.str()
		if err != nil {
			return err
		}
		return sc.from(start, v.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)))
	}
	if err := sc.skip(); err != nil {
		return err
	}
	return sc.from(start, v.Interface().(json.Unmarshaler).UnmarshalJSON([]byte(sc.s[start:sc.pos])))
}

// from gives an error of someone else's the place it is about.
func (sc *scanner) from(start int, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Field: "data", Offset: start, Err: err}
}

// setBig puts an integer into a big.Int.
func setBig(v reflect.Value, lit string) bool {
	_, ok := v.Addr().Interface().(*big.Int).SetString(lit, 10)
	return ok
}
