package message

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// RawJSON is JSON that goes out as it is. Only its being UTF-8 is checked, so
// it must come from [AppendJSON] or from [Message.RawData]. It is taken to hold
// no times when the version is chosen: set [Fields.Version]. When reading, it
// keeps the bytes of a value.
type RawJSON []byte

// AppendJSON appends v as Python's json.dumps writes it: ", " and ": " as
// separators, everything but printable ASCII as \uXXXX, floats in Python's
// form, NaN and Infinity as bare words, times with their offset.
//
// Besides generic data (see [Object]) it takes what encoding/json takes, by the
// same rules and struct tags (name, omitempty, omitzero, string, "-"), so
// struct fields go out in order and keys of a map sorted. A [time.Time] is a
// time like [Time]; []byte is base64; json.Marshaler and
// encoding.TextMarshaler are honoured. Strings must be UTF-8, values at most
// [DefaultMaxDepth] deep, integers at most 4300 digits long.
func AppendJSON(dst []byte, v any) ([]byte, error) { return AppendJSONVersion(dst, v, Current) }

// AppendJSONVersion is AppendJSON for a version: up to v1.01, times have no
// offset.
func AppendJSONVersion(dst []byte, v any, version Version) ([]byte, error) {
	w := writer{cut: version.cutsOffsets()}
	b, err := w.value(dst, v)
	if err != nil {
		return dst, encodeError(err)
	}
	return b, nil
}

// writer writes JSON. Its methods append to b.
type writer struct {
	cut     bool // times without offset
	sawTime bool
	depth   int
}

// value writes any value.
func (w *writer) value(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		return appendFloat(b, v, 64), nil
	case Time:
		return w.time(b, v)
	case time.Time:
		return w.time(b, Time{Time: v})
	case *Object:
		return w.object(b, v)
	case []any:
		return w.list(b, v)
	case map[string]any:
		return w.dict(b, v)
	case *big.Int:
		return appendBig(b, v)
	case RawJSON:
		return appendRaw(b, v)
	}
	return w.reflected(b, v)
}

// enter counts the depth of nesting, which bounds the stack and finds cycles.
func (w *writer) enter() error {
	if w.depth++; w.depth > DefaultMaxDepth {
		return ErrTooDeep
	}
	return nil
}

func (w *writer) object(b []byte, o *Object) ([]byte, error) {
	if o == nil {
		return append(b, "null"...), nil
	}
	if err := w.enter(); err != nil {
		return b, err
	}
	var err error
	b = append(b, '{')
	for i := range o.members {
		m := &o.members[i]
		if b, err = appendKey(b, i == 0, m.Key); err != nil {
			return b, err
		}
		if b, err = w.value(b, m.Value); err != nil {
			return b, within(err, m.Key)
		}
	}
	w.depth--
	return append(b, '}'), nil
}

func (w *writer) dict(b []byte, m map[string]any) ([]byte, error) {
	if m == nil {
		return append(b, "null"...), nil
	}
	if err := w.enter(); err != nil {
		return b, err
	}
	var err error
	var values [mostOrdered]any
	if o := orderedValues(m, &values); o != nil {
		b, err = w.ordered(b, o, values[:len(m)])
	} else {
		b, err = w.unordered(b, m)
	}
	w.depth--
	return b, err
}

// ordered writes values behind their keys.
func (w *writer) ordered(b []byte, o *keyOrder, values []any) ([]byte, error) {
	var err error
	b = append(b, '{')
	for i, v := range values {
		b = append(b, o.quoted[i]...)
		if b, err = w.value(b, v); err != nil {
			return b, within(err, o.keys[i])
		}
	}
	return append(b, '}'), nil
}

// unordered writes a map whose order has to be found.
func (w *writer) unordered(b []byte, m map[string]any) ([]byte, error) {
	var few [32]Member // on the stack; a usual message has some twenty
	members := few[:0]
	for k, v := range m {
		members = append(members, Member{k, v})
	}
	var fewPlaces [32]place
	places := sortedPlaces(fewPlaces[:0], members)
	var err error
	b = append(b, '{')
	for i, p := range places {
		m := &members[p.index]
		if b, err = appendKey(b, i == 0, m.Key); err != nil {
			return b, err
		}
		if b, err = w.value(b, m.Value); err != nil {
			return b, within(err, m.Key)
		}
	}
	learnOrder(members, places)
	return append(b, '}'), nil
}

func (w *writer) list(b []byte, l []any) ([]byte, error) {
	if l == nil {
		return append(b, "null"...), nil
	}
	if err := w.enter(); err != nil {
		return b, err
	}
	var err error
	b = append(b, '[')
	for i, v := range l {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, err = w.value(b, v); err != nil {
			return b, err
		}
	}
	w.depth--
	return append(b, ']'), nil
}

// time writes t in quotes.
func (w *writer) time(b []byte, t Time) ([]byte, error) {
	if !t.inRange() {
		return b, errYear
	}
	w.sawTime = true
	b = t.appendISO(append(b, '"'), !t.Naive && !w.cut)
	return append(b, '"'), nil
}

// appendKey writes what stands before a value in an object.
func appendKey(b []byte, first bool, key string) ([]byte, error) {
	if !first {
		b = append(b, ", "...)
	}
	b, err := appendString(b, key)
	return append(b, ": "...), err
}

func appendRaw(b []byte, v RawJSON) ([]byte, error) {
	switch {
	case len(v) == 0:
		return append(b, "null"...), nil
	case !utf8.Valid(v):
		return b, ErrNotUTF8
	}
	return append(b, v...), nil
}

func appendBig(b []byte, n *big.Int) ([]byte, error) {
	if n == nil {
		return append(b, "null"...), nil
	}
	start := len(b)
	b = n.Append(b, 10)
	length := len(b) - start
	if n.Sign() < 0 {
		length--
	}
	if length > maxDigits {
		return b, fmt.Errorf("integer of more than %d digits", maxDigits)
	}
	return b, nil
}

// appendFloat writes f as Python's repr does: the shortest digits that give f
// back, and an exponent below 1e-4 and from 1e16.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	case abs != 0 && (abs < 1e-4 || abs >= 1e16):
		return strconv.AppendFloat(b, f, 'e', -1, bits)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, bits)
	if !slices.Contains(b[start:], '.') {
		b = append(b, ".0"...)
	}
	return b
}

// appendString writes s in quotes.
func appendString(b []byte, s string) ([]byte, error) {
	start := len(b)
	b = slices.Grow(b, len(s)+2)
	if text := b[start : start+len(s)+2]; copyPlain(text[1:], s) {
		text[0], text[len(s)+1] = '"', '"'
		return b[:len(b)+len(s)+2], nil
	}
	return appendEscapes(b, s)
}

// appendEscapes is appendString for what needs escapes.
func appendEscapes(b []byte, s string) ([]byte, error) {
	b = append(b, '"')
	for done := 0; ; {
		i := plainASCIIEnd(s, done)
		b = append(b, s[done:i]...)
		if i == len(s) {
			return append(b, '"'), nil
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return b, ErrNotUTF8
		}
		b = appendEscaped(b, r)
		done = i + size
	}
}

// shortEscapes are those that Python writes; "/" is not one.
var shortEscapes = [128]byte{
	'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't',
}

func appendEscaped(b []byte, r rune) []byte {
	if r < utf8.RuneSelf && shortEscapes[r] != 0 {
		return append(b, '\\', shortEscapes[r])
	}
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return appendHex(appendHex(b, high), low)
	}
	return appendHex(b, r)
}

func appendHex(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// within tells in an error which key it is about.
func within(err error, key string) error {
	const most = 200
	if text := err.Error(); len(text) > most || err == ErrTooDeep { // the path may have a thousand keys
		return err
	}
	if headEnd(key, 0) < len(key) { // not to be shown as it is
		return fmt.Errorf("%q: %w", shown(key), err)
	}
	return fmt.Errorf("%s: %w", shown(key), err)
}
