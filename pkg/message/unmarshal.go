package message

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Unmarshal puts the data into what v points to.
//
// JSON follows encoding/json: the same struct tags, the same targets, nil
// pointers filled, json.Unmarshaler and encoding.TextUnmarshaler honoured, null
// changes nothing but pointers, maps, slices and interfaces. What differs:
//
//   - keys match exactly, since "URI" and "uri" are two keys of real messages;
//   - of a key that comes twice only the last value counts, as in Python;
//   - an any receives what [Message.Data] would have there, an [*Object] for
//     an object, a [Time] for a datetime, and int64 for an integer;
//   - [Time] and [time.Time] take every form of [ParseTime]; a naive time is
//     in UTC in a time.Time;
//   - floats may be NaN or infinite, and *big.Int and json.Number take
//     integers of any size;
//   - the first value that does not fit ends it.
//
// Text and binary data go into a string, []byte, any, or
// encoding.TextUnmarshaler. Without data these become empty; for any other
// target the error is [ErrNoData].
//
// All errors are of type [*Error], with the byte of the frame where the value
// begins that does not fit.
func (m *Message) Unmarshal(v any) error {
	target := reflect.ValueOf(v)
	if err := checkTarget(target); err != nil {
		return m.dataError(err, "")
	}
	target = target.Elem()
	text := m.text(m.RawData())
	var err error
	if m.mime == isJSONData {
		err = unmarshalJSON(text, target, int(m.maxDepth))
	} else {
		err = unmarshalText(text, target)
	}
	if err != nil {
		return m.dataError(err, text)
	}
	return nil
}

// checkTarget wants a pointer to something.
func checkTarget(v reflect.Value) error {
	switch {
	case !v.IsValid():
		return errors.New("unmarshal into nil, which is no pointer to a value")
	case v.Kind() != reflect.Pointer || v.IsNil():
		return fmt.Errorf("unmarshal into %s, which is no pointer to a value", v.Type())
	}
	return nil
}

func unmarshalJSON(text string, target reflect.Value, maxDepth int) error {
	sc := scanner{s: text, maxDepth: maxDepth}
	sc.peek()
	err := sc.into(target, planOf(target.Type()), false)
	if err != nil {
		return err
	}
	return sc.end()
}

func unmarshalText(text string, target reflect.Value) error {
	p := planOf(target.Type())
	for p.read == isPointer {
		if target.IsNil() {
			target.Set(reflect.New(p.elem.typ))
		}
		target, p = target.Elem(), p.elem
	}
	switch p.read {
	case isAny:
		target.Set(reflect.ValueOf(text))
		return nil
	case isString:
		target.SetString(text)
		return nil
	case isBytes:
		target.SetBytes([]byte(text))
		return nil
	}
	if text == "" {
		return ErrNoData
	}
	switch u := target.Addr().Interface().(type) {
	case *time.Time: // whose own UnmarshalText knows one form only
		t, err := ParseTime(text)
		if err == nil {
			*u = t.Time
		}
		return err
	case encoding.TextUnmarshaler:
		return u.UnmarshalText([]byte(text))
	}
	return fmt.Errorf("text does not fit into %s", target.Type())
}

// mismatch is an error for a value, beginning at start, of the wrong kind.
func (sc *scanner) mismatch(start int, what string, t reflect.Type) error {
	return fieldError("data", start, "%s does not fit into %s", what, t)
}

// kindOf names what begins with c.
func kindOf(c byte) string {
	switch c {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a bool"
	}
	return "a number"
}
