package message

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
)

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
		key, i := sc.passUnknown(p)
		if i < 0 {
			if key, err = sc.key(); err != nil {
				return err
			}
			i = p.field(key)
		}
		if i < 0 {
			if err := sc.skip(); err != nil {
				return err
			}
			continue
		}
		f := &p.fields[i]
		fv, err := settable(v, f.index)
		if err != nil {
			return sc.inKey(sc.from(sc.pos, err), key)
		}
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
func settable(v reflect.Value, index []int) (reflect.Value, error) {
	if len(index) == 1 {
		return v.Field(index[0]), nil
	}
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, fmt.Errorf("embedded %s is nil and not exported", v.Type())
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, nil
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
	inner := scanner{s: s, maxDepth: 1}
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
