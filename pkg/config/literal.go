package config

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of lists in a variable.
const maxDepth = 32

// parseLiteral reads s as a Python literal, as donfig does with ast.literal_eval: None is nil, then bool, number, string, []any for
// lists, tuples and sets, map[string]any. It returns false for what is none, which donfig takes as text; so are bytes,
// complex numbers and dictionaries with keys that are no strings, which no setting takes.
func parseLiteral(s string) (any, bool) {
	p := literalParser{rest: s}
	v, ok := p.value(0)
	if !ok {
		return nil, false
	}
	p.space()
	if strings.HasPrefix(p.rest, ",") {
		// A tuple needs no parentheses at the top.
		items, ok := p.items([]any{v}, "", 0)
		if !ok {
			return nil, false
		}
		v = items
	}
	p.space()
	return v, p.rest == ""
}

type literalParser struct{ rest string }

// space skips white space and comments.
func (p *literalParser) space() {
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n\f")
		if !strings.HasPrefix(p.rest, "#") {
			return
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
}

// take removes token from the front.
func (p *literalParser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *literalParser) value(depth int) (any, bool) {
	p.space()
	if depth > maxDepth || p.rest == "" {
		return nil, false
	}
	switch p.rest[0] {
	case '[':
		p.take("[")
		return p.items(nil, "]", depth)
	case '(':
		p.take("(")
		return p.parenthesis(depth)
	case '{':
		p.take("{")
		return p.braces(depth)
	}
	if s, found, ok := p.text(); found {
		return s, ok
	}
	if n, ok := p.number(); ok {
		return n, true
	}
	return p.word()
}

// words of Python that are values.
var words = regexp.MustCompile(`^(None|True|False)\b`)

func (p *literalParser) word() (any, bool) {
	word := words.FindString(p.rest)
	if !p.take(word) {
		return nil, false
	}
	switch word {
	case "None":
		return nil, true
	case "True":
		return true, true
	case "False":
		return false, true
	}
	return nil, false
}

// numbers of Python: whole numbers without leading zeros, in four bases, and floats.
var numbers = regexp.MustCompile(`^[+-]?\s*(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|` +
	`(?:[0-9](?:_?[0-9])*)?\.[0-9](?:_?[0-9])*(?:[eE][+-]?[0-9](?:_?[0-9])*)?|` +
	`[0-9](?:_?[0-9])*\.?[eE][+-]?[0-9](?:_?[0-9])*|` +
	`[0-9](?:_?[0-9])*\.|` +
	`[1-9](?:_?[0-9])*|0(?:_?0)*)`)

func (p *literalParser) number() (number, bool) {
	text := numbers.FindString(p.rest)
	if text == "" {
		return "", false
	}
	after := p.rest[len(text):]
	if r, _ := utf8.DecodeRuneInString(after); after != "" && !strings.ContainsRune(" \t\r\n\f,)]}:#", r) {
		return "", false // 10.0.0.1, 5557abc, 1j
	}
	p.rest = after
	text = strings.Map(func(r rune) rune {
		if r == '_' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, text)
	return number(text), true
}

// items reads values up to the closing token, behind those that have been read already.
func (p *literalParser) items(items []any, closing string, depth int) (any, bool) {
	if items == nil {
		items = []any{}
	}
	for len(items) == 0 || p.comma() {
		if p.close(closing) {
			return items, true
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		items = append(items, v)
	}
	return items, p.close(closing)
}

// comma takes the separator of two items.
func (p *literalParser) comma() bool {
	p.space()
	return p.take(",")
}

// close takes the closing token; the empty one stands for the end.
func (p *literalParser) close(closing string) bool {
	p.space()
	if closing == "" {
		return p.rest == ""
	}
	return p.take(closing)
}

// parenthesis reads a tuple, or one value that is none.
func (p *literalParser) parenthesis(depth int) (any, bool) {
	if p.close(")") {
		return []any{}, true
	}
	v, ok := p.value(depth + 1)
	if !ok {
		return nil, false
	}
	if p.close(")") {
		return v, true
	}
	return p.items([]any{v}, ")", depth)
}

// braces reads a dictionary or a set.
func (p *literalParser) braces(depth int) (any, bool) {
	if p.close("}") {
		return map[string]any{}, true
	}
	first, ok := p.value(depth + 1)
	if !ok {
		return nil, false
	}
	p.space()
	if !strings.HasPrefix(p.rest, ":") {
		return p.items([]any{first}, "}", depth)
	}
	entries := map[string]any{}
	for key := first; ; {
		name, isText := key.(string)
		if p.space(); !isText || !p.take(":") {
			return nil, false
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		entries[name] = v
		more := p.comma()
		if p.close("}") {
			return entries, true
		}
		if !more {
			return nil, false
		}
		if key, ok = p.value(depth + 1); !ok {
			return nil, false
		}
	}
}

// text reads string literals, joined where several stand side by side. found says that one begins here.
func (p *literalParser) text() (s string, found, ok bool) {
	var b strings.Builder
	for {
		part, here, ok := p.oneText()
		if !here {
			return b.String(), found, true
		}
		if !ok {
			return "", true, false
		}
		found = true
		b.WriteString(part)
		p.space()
	}
}

// openings of a string literal, with its prefix.
var openings = regexp.MustCompile(`^([rRuU]?)('''|"""|'|")`)

func (p *literalParser) oneText() (s string, found, ok bool) {
	m := openings.FindStringSubmatch(p.rest)
	if m == nil {
		return "", false, false
	}
	p.take(m[0])
	raw, quote := strings.EqualFold(m[1], "r"), m[2]
	var b strings.Builder
	for p.rest != "" {
		switch {
		case p.take(quote):
			return b.String(), true, true
		case p.rest[0] == '\n' && len(quote) == 1:
			return "", true, false
		case p.rest[0] == '\\' && len(p.rest) > 1:
			if !p.escape(&b, raw) {
				return "", true, false
			}
		default:
			_, size := utf8.DecodeRuneInString(p.rest)
			b.WriteString(p.rest[:size])
			p.rest = p.rest[size:]
		}
	}
	return "", true, false
}

// escapes of one letter.
var escapes = map[byte]string{
	'\\': `\`, '\'': `'`, '"': `"`, '\n': "", 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// octal is an escape of up to three digits.
var octal = regexp.MustCompile(`^[0-7]{1,3}`)

// escape reads what stands behind a backslash.
func (p *literalParser) escape(b *strings.Builder, raw bool) bool {
	letter := p.rest[1]
	if raw {
		_, size := utf8.DecodeRuneInString(p.rest[1:])
		b.WriteString(p.rest[:1+size])
		p.rest = p.rest[1+size:]
		return true
	}
	if s, ok := escapes[letter]; ok {
		b.WriteString(s)
		p.rest = p.rest[2:]
		return true
	}
	digits, base := "", 16
	switch letter {
	case 'x':
		digits = fixed(p.rest[2:], 2)
	case 'u':
		digits = fixed(p.rest[2:], 4)
	case 'U':
		digits = fixed(p.rest[2:], 8)
	case 'N':
		return false // named characters need Unicode's tables
	default:
		if digits, base = octal.FindString(p.rest[1:]), 8; digits == "" {
			b.WriteByte('\\') // an unknown escape stays as it is
			p.rest = p.rest[1:]
			return true
		}
		p.rest = p.rest[1+len(digits):]
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !utf8.ValidRune(rune(code)) {
		return false
	}
	if base == 16 {
		p.rest = p.rest[2+len(digits):]
	}
	b.WriteRune(rune(code))
	return true
}

// fixed returns the first n bytes of s, or nothing.
func fixed(s string, n int) string {
	if len(s) < n {
		return ""
	}
	return s[:n]
}
