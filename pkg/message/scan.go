package message

import (
	"strings"
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

// next returns the next byte, 0 at the end.
func (sc *scanner) next() byte { return at(sc.s, sc.pos) }

// peek passes over white space and returns the next byte. All that reads a
// value or a key wants to stand on its first byte.
func (sc *scanner) peek() byte {
	s, i := sc.s, sc.pos
	if i+1 < len(s) && s[i] == ' ' { // one, as Python writes it
		i++
	}
	if i < len(s) && s[i] > ' ' {
		sc.pos = i
		return s[i]
	}
	return sc.pass()
}

func (sc *scanner) pass() byte {
	for ; sc.pos < len(sc.s); sc.pos++ {
		switch c := sc.s[sc.pos]; c {
		case ' ', '\t', '\n', '\r':
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
	if !first && sc.follows(',') {
		return true, nil
	}
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

// follows passes over c and one blank before something else, which is how
// Python writes it and most of what there is to read.
func (sc *scanner) follows(c byte) bool {
	i := sc.pos
	if i+2 >= len(sc.s) {
		return false
	}
	if s := sc.s[i : i+3]; s[0] != c || s[1] != ' ' || s[2] <= ' ' {
		return false
	}
	sc.pos = i + 2
	return true
}

// key reads a key and its colon, up to the value.
func (sc *scanner) key() (string, error) {
	raw, escaped, err := sc.rawKey()
	if escaped && err == nil {
		return unescape(raw), nil
	}
	return raw, err
}

// rawKey is key that leaves escapes as they are.
func (sc *scanner) rawKey() (raw string, escaped bool, err error) {
	if sc.next() != '"' {
		return "", false, sc.unexpected("a key")
	}
	if raw, escaped, err = sc.rawString(); err != nil {
		return "", false, err
	}
	if sc.follows(':') {
		return raw, escaped, nil
	}
	if sc.peek() != ':' {
		return "", false, sc.unexpected("a colon")
	}
	sc.pos++
	sc.peek()
	return raw, escaped, nil
}

// str reads the string whose quote is next.
func (sc *scanner) str() (string, error) {
	if s, ok := sc.plain(); ok {
		return s, nil
	}
	raw, escaped, err := sc.rawString()
	if escaped && err == nil {
		return unescape(raw), nil
	}
	return raw, err
}

// plain reads the string whose quote is next if there is no escape in it.
func (sc *scanner) plain() (string, bool) {
	start := sc.pos + 1
	i := plainEnd(sc.s, start)
	if i >= len(sc.s) || sc.s[i] != '"' {
		return "", false
	}
	sc.pos = i + 1
	return sc.s[start:i], true
}

// rawString checks the string whose quote is next, and returns what stands
// between its quotes.
func (sc *scanner) rawString() (raw string, escaped bool, err error) {
	if raw, ok := sc.plain(); ok {
		return raw, false, nil
	}
	s, start := sc.s, sc.pos+1
	for i := plainEnd(s, start); i < len(s); i = plainEnd(s, i) {
		switch s[i] {
		case '"':
			sc.pos = i + 1
			return s[start:i], escaped, nil
		case '\\':
			n := escapeLen(s, i)
			if n == 0 {
				sc.pos = i
				return "", false, sc.fail("bad escape in a string")
			}
			escaped = true
			i += n
		default:
			sc.pos = i
			return "", false, sc.fail("control character %q in a string", s[i])
		}
	}
	sc.pos = len(s)
	return "", false, sc.fail("JSON ends in a string")
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

// bareWord passes over a word that is a value, and tells which one it was.
func (sc *scanner) bareWord() (tokenKind, bool) {
	switch c := sc.next(); {
	case isDigit(c):
	case c == 't' && sc.word("true"):
		return trueToken, true
	case c == 'f' && sc.word("false"):
		return falseToken, true
	case c == 'n' && sc.word("null"):
		return nullToken, true
	case c == 'N' && sc.word("NaN"):
		return nanToken, true
	case c == 'I' && sc.word("Infinity"):
		return infinityToken, true
	case c == '-' && sc.word("-Infinity"):
		return minusInfinityToken, true
	}
	return 0, false
}

// skip passes over a value, checking it all the same.
func (sc *scanner) skip() error {
	switch sc.next() {
	case '"':
		_, _, err := sc.rawString()
		return err
	case '{':
		return sc.skipAll('}')
	case '[':
		return sc.skipAll(']')
	}
	if _, ok := sc.bareWord(); ok {
		return nil
	}
	_, _, err := sc.number()
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
