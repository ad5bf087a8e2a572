package message

import (
	"encoding"
	"encoding/json"
	"reflect"
)

// into reads the value that is next into v, whose plan is p. inObject tells
// whether strings may be datetimes.
func (sc *scanner) into(v reflect.Value, p *plan, inObject bool) error {
	c := sc.next()
	if c == 'n' && sc.word("null") {
		return sc.null(v, p)
	}
	read := p.read
	if !v.CanInterface() { // embedded, not exported, with a name in its tag
		read = p.plain
	}
	switch read {
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
	x, err := sc.generic(inObject)
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
	o, err := sc.generic(true)
	if err == nil {
		v.Set(reflect.ValueOf(*o.(*Object)))
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

// intoRaw keeps the bytes of the value that is next.
func (sc *scanner) intoRaw(v reflect.Value) error {
	start := sc.pos
	if err := sc.skip(); err != nil {
		return err
	}
	v.SetBytes([]byte(sc.s[start:sc.pos]))
	return nil
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
