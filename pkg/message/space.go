package message

import "unicode/utf8"

// The separators of a header are the white space of Python's \s on text
// (doc/protocol.md, section 1). It is neither unicode.IsSpace (which lacks
// U+001C to U+001F) nor JSON's.

// asciiSpace tells white space below 0x80.
var asciiSpace = [256]bool{
	'\t': true, '\n': true, '\v': true, '\f': true, '\r': true,
	0x1c: true, 0x1d: true, 0x1e: true, 0x1f: true, ' ': true,
}

// isSpace tells whether r separates header fields.
func isSpace(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return asciiSpace[byte(r)]
	case r == 0x85, r == 0xa0, r == 0x1680, r >= 0x2000 && r <= 0x200a,
		r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000:
		return true
	}
	return false
}

// indexSpace returns where the first separator in s begins, or -1.
func indexSpace(s string) int {
	for i, r := range s {
		if isSpace(r) {
			return i
		}
	}
	return -1
}

// spacePrefix returns the number of bytes of white space that s begins with.
func spacePrefix(s string) int {
	for i, r := range s {
		if !isSpace(r) {
			return i
		}
	}
	return len(s)
}
