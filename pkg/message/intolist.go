package message

import (
	"reflect"
)

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
