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

// RawJSON is JSON that goes out as it is. Nobody checks it, so it must come
// from [AppendJSON] or from [Message.RawData]. It is taken to hold no times
// when the version is chosen: set [Fields.Version].
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
// 1000 deep, integers at most 4300 digits long.
func AppendJSON(dst []byte, v any) ([]byte, error) { return appendJSON(dst, v, Current) }

// AppendJSONVersion is AppendJSON for a version: up to v1.01, times have no
// offset.
func AppendJSONVersion(dst []byte, v any, version Version) ([]byte, error) {
	return appendJSON(dst, v, version)
}

func appendJSON(dst []byte, v any, version Version) ([]byte, error) {
	w := writer{buf: dst, cut: version.cutsOffsets()}
	if err := w.value(v); err != nil {
		return dst, encodeError(err)
	}
	return w.buf, nil
}

// writer writes JSON.
type writer struct {
	buf     []byte
	cut     bool // times without offset
	sawTime bool
	depth   int
}

// value writes any value.
func (w *writer) value(v any) error {
	switch v := v.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case string:
		return w.str(v)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case int:
		w.buf = strconv.AppendInt(w.buf, int64(v), 10)
	case int64:
		w.buf = strconv.AppendInt(w.buf, v, 10)
	case float64:
		w.float(v, 64)
	case Time:
		return w.time(v)
	case time.Time:
		return w.time(Time{Time: v})
	case *Object:
		return w.object(v)
	case []any:
		return w.list(v)
	case map[string]any:
		return w.dict(v)
	case *big.Int:
		return w.bigInt(v)
	case RawJSON:
		w.raw(v)
	default:
		return w.reflected(v)
	}
	return nil
}

// enter counts the depth of nesting, which bounds the stack and finds cycles.
func (w *writer) enter() error {
	if w.depth++; w.depth > DefaultMaxDepth {
		return ErrTooDeep
	}
	return nil
}

func (w *writer) raw(v RawJSON) {
	if len(v) == 0 {
		w.buf = append(w.buf, "null"...)
		return
	}
	w.buf = append(w.buf, v...)
}

func (w *writer) object(o *Object) error {
	if o == nil {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	if err := w.enter(); err != nil {
		return err
	}
	w.buf = append(w.buf, '{')
	for i := range o.members {
		if err := w.member(i == 0, o.members[i].Key, o.members[i].Value); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	w.depth--
	return nil
}

func (w *writer) dict(m map[string]any) error {
	if m == nil {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	if err := w.enter(); err != nil {
		return err
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	w.buf = append(w.buf, '{')
	for i, k := range keys {
		if err := w.member(i == 0, k, m[k]); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	w.depth--
	return nil
}

func (w *writer) member(first bool, key string, v any) error {
	if err := w.key(first, key); err != nil {
		return err
	}
	if err := w.value(v); err != nil {
		return within(err, key)
	}
	return nil
}

// key writes what stands before a value in an object.
func (w *writer) key(first bool, key string) error {
	w.comma(first)
	if err := w.str(key); err != nil {
		return err
	}
	w.buf = append(w.buf, ": "...)
	return nil
}

func (w *writer) comma(first bool) {
	if !first {
		w.buf = append(w.buf, ", "...)
	}
}

func (w *writer) list(l []any) error {
	if l == nil {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	if err := w.enter(); err != nil {
		return err
	}
	w.buf = append(w.buf, '[')
	for i, v := range l {
		w.comma(i == 0)
		if err := w.value(v); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ']')
	w.depth--
	return nil
}

// time writes t in quotes.
func (w *writer) time(t Time) error {
	if !t.inRange() {
		return errYear
	}
	w.sawTime = true
	w.buf = append(w.buf, '"')
	w.buf = t.appendISO(w.buf, !t.Naive && !w.cut)
	w.buf = append(w.buf, '"')
	return nil
}

func (w *writer) bigInt(n *big.Int) error {
	if n == nil {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	start := len(w.buf)
	w.buf = n.Append(w.buf, 10)
	if length := len(w.buf) - start; length > maxDigits && (n.Sign() > 0 || length > maxDigits+1) {
		return fmt.Errorf("integer of more than %d digits", maxDigits)
	}
	return nil
}

// float writes f as Python's repr does: the shortest digits that give f back,
// and an exponent below 1e-4 and from 1e16.
func (w *writer) float(f float64, bits int) {
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		w.buf = append(w.buf, "NaN"...)
	case math.IsInf(f, 1):
		w.buf = append(w.buf, "Infinity"...)
	case math.IsInf(f, -1):
		w.buf = append(w.buf, "-Infinity"...)
	case abs != 0 && (abs < 1e-4 || abs >= 1e16):
		w.buf = strconv.AppendFloat(w.buf, f, 'e', -1, bits)
	default:
		start := len(w.buf)
		w.buf = strconv.AppendFloat(w.buf, f, 'f', -1, bits)
		if !slices.Contains(w.buf[start:], '.') {
			w.buf = append(w.buf, ".0"...)
		}
	}
}

// str writes s in quotes.
func (w *writer) str(s string) error {
	b := append(w.buf, '"')
	for {
		n := plainASCIILen(s)
		b = append(b, s[:n]...)
		if s = s[n:]; s == "" {
			break
		}
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			return ErrNotUTF8
		}
		b = appendEscaped(b, r)
		s = s[size:]
	}
	w.buf = append(b, '"')
	return nil
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
	if err == ErrTooDeep { // as a path it would be a thousand keys
		return err
	}
	return fmt.Errorf("%s: %w", shown(key), err)
}
