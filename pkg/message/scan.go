package message

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON exactly as Python's json module does: with NaN, Infinity
// and -Infinity, without control characters in strings, and integers of at most
// maxDigits digits. Its errors hold offsets into s.
type scanner struct {
	s        string // valid UTF-8
	pos      int
	depth    int
	maxDepth int
	noTimes  bool // strings stay strings, dates or not

	// Members and elements of what is being read, innermost last.
	members []Member
	items   []any
}

// maxDigits is what Python's int() takes; more are a ValueError.
const maxDigits = 4300

// fail is an error at the current position.
func (sc *scanner) fail(format string, args ...any) error {
	return fieldError("data", sc.pos, format, args...)
}

// unexpected is an error for what stands at the current position.
func (sc *scanner) unexpected(want string) error {
	if sc.pos >= len(sc.s) {
		return sc.fail("JSON ends where %s should be", want)
	}
	r, _ := utf8.DecodeRuneInString(sc.s[sc.pos:])
	return sc.fail("%q where %s should be", r, want)
}

// peek passes over white space and returns the next byte, 0 at the end.
func (sc *scanner) peek() byte {
	for sc.pos < len(sc.s) {
		switch c := sc.s[sc.pos]; c {
		case ' ', '\t', '\n', '\r':
			sc.pos++
		default:
			return c
		}
	}
	return 0
}

// end makes sure that nothing is left.
func (sc *scanner) end() error {
	if sc.peek(); sc.pos < len(sc.s) {
		return sc.unexpected("the end")
	}
	return nil
}

// enter passes over the bracket of a list or object.
func (sc *scanner) enter() error {
	if sc.depth++; sc.depth > sc.maxDepth {
		return &Error{Field: "data", Offset: sc.pos, Err: ErrTooDeep}
	}
	sc.pos++
	return nil
}

// more goes to the next element of a list or object that ends with closing, and
// tells whether there is one.
func (sc *scanner) more(first bool, closing byte) (bool, error) {
	c := sc.peek()
	switch {
	case c == closing:
		sc.pos++
		sc.depth--
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, sc.unexpected("a comma or " + string(closing))
	}
	sc.pos++
	sc.peek()
	return true, nil
}

// key reads a key and its colon, up to the value.
func (sc *scanner) key() (string, error) {
	if sc.peek() != '"' {
		return "", sc.unexpected("a key")
	}
	k, err := sc.str()
	if err != nil {
		return "", err
	}
	if sc.peek() != ':' {
		return "", sc.unexpected("a colon")
	}
	sc.pos++
	sc.peek()
	return k, nil
}

// str reads the string whose quote is next.
func (sc *scanner) str() (string, error) {
	start := sc.pos + 1
	i := start + plainLen(sc.s[start:])
	if i < len(sc.s) {
		switch sc.s[i] {
		case '"':
			sc.pos = i + 1
			return sc.s[start:i], nil
		case '\\':
			return sc.escaped(start, i)
		}
	}
	sc.pos = i
	return "", sc.unexpected("the rest of a string")
}

// escaped goes on with a string at its first escape.
func (sc *scanner) escaped(start, i int) (string, error) {
	out := make([]byte, 0, i-start+2*plainLen(sc.s[i+1:])+16)
	out = append(out, sc.s[start:i]...)
	for i < len(sc.s) {
		switch sc.s[i] {
		case '"':
			sc.pos = i + 1
			return view(out), nil
		case '\\':
			var ok bool
			if out, i, ok = appendUnescaped(out, sc.s, i+1); !ok {
				sc.pos = i
				return "", sc.unexpected("an escape")
			}
		}
		n := plainLen(sc.s[i:])
		out = append(out, sc.s[i:i+n]...)
		i += n
		if i < len(sc.s) && sc.s[i] < ' ' {
			break
		}
	}
	sc.pos = i
	return "", sc.unexpected("the rest of a string")
}

// unescaped holds the characters of the short escapes.
var unescaped = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// appendUnescaped reads the escape whose backslash stands before i, and returns
// where it ends. A lone surrogate becomes U+FFFD.
func appendUnescaped(out []byte, s string, i int) ([]byte, int, bool) {
	if i >= len(s) {
		return out, i, false
	}
	if s[i] != 'u' {
		c := unescaped[s[i]]
		return append(out, c), i + 1, c != 0
	}
	r, ok := hex4(s, i+1)
	if !ok {
		return out, i, false
	}
	i += 5
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(s, i+2); ok && s[i] == '\\' && s[i+1] == 'u' {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(out, pair), i + 6, true
			}
		}
		r = utf8.RuneError
	}
	return utf8.AppendRune(out, r), i, true
}

// hex4 reads four hexadecimal digits.
func hex4(s string, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[i : i+4]) {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number reads the number that is next, and tells whether it is an integer.
func (sc *scanner) number() (lit string, integer bool, err error) {
	s, start := sc.s, sc.pos
	i := start
	if at(s, i) == '-' {
		i++
	}
	first := i
	for isDigit(at(s, i)) {
		i++
	}
	switch {
	case i == first:
		sc.pos = i
		return "", false, sc.unexpected("a value")
	case i > first+1 && s[first] == '0':
		sc.pos = first + 1
		return "", false, sc.unexpected("the end of a number")
	}
	integer = true
	if at(s, i) == '.' && isDigit(at(s, i+1)) {
		integer = false
		for i++; isDigit(at(s, i)); {
			i++
		}
	}
	if e := i; at(s, e)|0x20 == 'e' {
		if e++; at(s, e) == '+' || at(s, e) == '-' {
			e++
		}
		if isDigit(at(s, e)) {
			integer = false
			for i = e; isDigit(at(s, i)); {
				i++
			}
		}
	}
	if integer && i-first > maxDigits {
		return "", false, sc.fail("integer of more than %d digits", maxDigits)
	}
	sc.pos = i
	return s[start:i], integer, nil
}

// word passes over w if it is next.
func (sc *scanner) word(w string) bool {
	if !strings.HasPrefix(sc.s[sc.pos:], w) {
		return false
	}
	sc.pos += len(w)
	return true
}

// skip passes over a value, checking it all the same.
func (sc *scanner) skip() error {
	switch sc.peek() {
	case '"':
		_, err := sc.str()
		return err
	case '{':
		return sc.skipAll('}')
	case '[':
		return sc.skipAll(']')
	}
	_, err := sc.scalar()
	return err
}

func (sc *scanner) skipAll(closing byte) error {
	if err := sc.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := sc.more(first, closing)
		if err != nil || !more {
			return err
		}
		if closing == '}' {
			if _, err := sc.key(); err != nil {
				return err
			}
		}
		if err := sc.skip(); err != nil {
			return err
		}
	}
}
