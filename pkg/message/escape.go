package message

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unescaped holds the characters of the short escapes.
var unescaped = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escapeLen returns the length of the escape whose backslash stands at i, or 0
// if it is none.
func escapeLen(s string, i int) int {
	if i+1 >= len(s) {
		return 0
	}
	if s[i+1] != 'u' {
		if unescaped[s[i+1]] == 0 {
			return 0
		}
		return 2
	}
	if _, ok := hex4(s, i+2); !ok {
		return 0
	}
	return 6
}

// unescape replaces the escapes of raw, which have been checked. A lone
// surrogate becomes U+FFFD.
func unescape(raw string) string {
	out := make([]byte, 0, len(raw))
	for i := 0; ; {
		end := plainEnd(raw, i)
		out = append(out, raw[i:end]...)
		if end == len(raw) {
			return view(out)
		}
		i = end + 2
		if raw[end+1] != 'u' {
			out = append(out, unescaped[raw[end+1]])
			continue
		}
		r, n := unescapeRune(raw, end)
		out = utf8.AppendRune(out, r)
		i = end + n
	}
}

// unescapeRune reads the \u escape at i, or the pair of them, and returns its
// length.
func unescapeRune(s string, i int) (r rune, n int) {
	r, _ = hex4(s, i+2)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low, ok := hex4(s, i+8); ok && s[i+6] == '\\' && s[i+7] == 'u' {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// hex4 reads four hexadecimal digits at i.
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
