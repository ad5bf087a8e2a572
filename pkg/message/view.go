package message

import (
	"unicode/utf8"
	"unsafe"
)

// view returns b as a string without copying, for bytes that never change
// again: a frame that a Message holds (all that hands out a []byte of one says
// so), or what has just been made here; or for a string that is gone before its
// bytes can change. It saves a copy of each message received. This and box.go are
// the only uses of unsafe here.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// fromLatin1 returns the text that b is in ISO 8859-1.
func fromLatin1(b []byte) string {
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return view(out)
}

// toLatin1 returns s in ISO 8859-1, and false where that cannot hold it.
func toLatin1(s string) ([]byte, bool) {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, false
		}
		out = append(out, byte(r))
	}
	return out, true
}
