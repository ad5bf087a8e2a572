package message

import (
	"bytes"
	"unicode/utf8"
)

// StrictDepth is how deep JSON data may be nested for [Message.CheckStrict].
//
// Python's limit is 1000 calls. Posttroll 1.16 on Python 3.11 dies at 986
// levels when it decodes with an empty stack, and at 330 when the data is put
// into a new message, for which it takes three calls a level; the program's own
// calls come on top.
const StrictDepth = 256

// CheckStrict reports what in m would end a Python subscriber, or nil. Relays
// and publishers must not send such a message to one. It is an [*Error] that
// wraps
//
//   - [ErrNotUTF8]: the frame is not UTF-8;
//   - [ErrTooDeep]: JSON data is nested deeper than [StrictDepth].
//
// The other things that end one (a bad time, a MIME type without data, a blank
// behind the version) do not get as far as being a Message: [Decode] refuses
// them, as well as what a subscriber merely drops. JSON that is wrong in another
// way is dropped by a subscriber and is not reported. Nor is what only ends
// posttroll 1.9 to 1.11: in a message up to v1.01, a header time with an offset
// or in another form than isoformat's.
func (m *Message) CheckStrict() error {
	dataStart, data := int(m.data), m.RawData()
	if m.latin1 != nil || !utf8.Valid(data) {
		at := firstNotUTF8(m.frame)
		if at >= dataStart {
			return &Error{Field: "data", Offset: at, Err: ErrNotUTF8}
		}
		return &Error{Field: "frame", Offset: at, Err: ErrNotUTF8}
	}
	if m.mime != isJSONData || bytes.Count(data, openObject)+bytes.Count(data, openList) <= StrictDepth {
		return nil // as nearly all: counting is much faster than following
	}
	if at, ok := depthWithin(data, StrictDepth); !ok {
		return &Error{Field: "data", Offset: dataStart + at, Err: ErrTooDeep}
	}
	return nil
}

var openObject, openList = []byte("{"), []byte("[")

// firstNotUTF8 returns where b stops being UTF-8.
func firstNotUTF8(b []byte) int {
	i := 0
	for i < len(b) {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		i += size
	}
	return i
}

// depthWithin tells whether lists and objects are nested at most so deep, or
// where they are deeper. It needs no stack and no valid JSON: behind the first
// error it may be wrong, but nobody reads so far.
func depthWithin(data []byte, most int) (at int, ok bool) {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if depth++; depth > most {
				return i, false
			}
		case '}', ']':
			depth--
		case '"':
			i = stringEnd(data, i)
		}
	}
	return 0, true
}

// stringEnd returns where the string that begins at i ends.
func stringEnd(data []byte, i int) int {
	for i++; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}
