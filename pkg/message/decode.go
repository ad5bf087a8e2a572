package message

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"
)

// Decoder decodes messages within limits. The zero value uses the defaults. It
// may be copied and used by several goroutines.
type Decoder struct {
	// MaxSize is the largest frame accepted, in bytes. Default 64 MiB, at most
	// 2 GiB less a byte. Generic data takes up to some twenty-five times as much
	// memory as its JSON, and while it is decoded as much again.
	MaxSize int
	// MaxDepth is how deep lists and objects may be nested in JSON data.
	// Default 985, the most that posttroll 1.16 reads on Python 3.11; at most
	// 10000.
	MaxDepth int
}

// The defaults of a [Decoder] and its bounds.
const (
	DefaultMaxSize  = 64 << 20
	DefaultMaxDepth = 985
	maxMaxDepth     = 10000
)

// Decode reads the header of frame with the default limits. See
// [Decoder.Decode].
func Decode(frame []byte) (*Message, error) { return Decoder{}.Decode(frame) }

// Decode reads the header of frame and keeps frame, which must not change
// afterwards. The data is looked at when it is asked for, so an error in JSON
// comes from [Message.Data] or [Message.Unmarshal].
//
// A frame that is not UTF-8 is read as ISO 8859-1, as the reference does; see
// [Message.CheckStrict]. All errors are of type [*Error].
func (d Decoder) Decode(frame []byte) (*Message, error) {
	if err := d.checkSize(frame); err != nil {
		return nil, err
	}
	m := &Message{frame: frame, data: uint32(len(frame)), maxDepth: d.maxDepth()}
	if err := m.readHeader(); err != nil {
		return nil, err
	}
	return m, nil
}

// DecodeInto is Decode into memory of the caller's, for programs that pass on very many messages and keep none: whatever was in m, and the strings
// that it gave out, must not be in use any more. After an error m is no message.
func (d Decoder) DecodeInto(m *Message, frame []byte) error {
	if err := d.checkSize(frame); err != nil {
		return err
	}
	*m = Message{frame: frame, data: uint32(len(frame)), maxDepth: d.maxDepth()}
	return m.readHeader()
}

func (d Decoder) checkSize(frame []byte) error {
	if limit := d.maxSize(); len(frame) > limit {
		return &Error{Field: "frame", Offset: limit, Err: ErrTooLarge}
	}
	return nil
}

// readHeader reads the header of m's frame.
func (m *Message) readHeader() error {
	text := view(m.frame)
	var h header
	if !h.splitASCII(text) {
		if !utf8.ValidString(text) {
			text = fromLatin1(m.frame)
			m.latin1 = new(text)
		}
		h = header{}
		h.split(text)
	}
	if err := m.fill(text, &h); err != nil {
		if m.latin1 != nil {
			err.Offset = utf8.RuneCountInString(text[:err.Offset])
		}
		return err
	}
	return nil
}

func (d Decoder) maxSize() int {
	if d.MaxSize <= 0 {
		return DefaultMaxSize
	}
	return min(d.MaxSize, math.MaxInt32)
}

func (d Decoder) maxDepth() uint16 {
	if d.MaxDepth <= 0 {
		return DefaultMaxDepth
	}
	return uint16(min(d.MaxDepth, maxMaxDepth))
}

// The fields of a header in their order.
const (
	inSubject = iota
	inType
	inSender
	inTime
	inVersion
	inMIME
	headerFields
)

var fieldNames = [headerFields]string{"subject", "type", "sender", "time", "version", "mime"}

// header is where the fields of a text stand.
type header struct {
	start, end [headerFields]int
	n          int // fields that are there
	data       int // where the data begins; -1 if there is nothing behind the MIME type
}

func (h *header) word(field int) word { return word{uint32(h.start[field]), uint32(h.end[field])} }

func (h *header) of(text string, field int) string { return text[h.start[field]:h.end[field]] }

// splitASCII splits a text whose header is ASCII; ok is false for all others.
// It looks at the first byte of the data, no further.
func (h *header) splitASCII(text string) (ok bool) {
	h.data = -1
	i := min(len(Magic), len(text))
	for h.n < headerFields {
		end := headEnd(text, i)
		for end < len(text) && !asciiSpace[text[end]] {
			if text[end] >= utf8.RuneSelf {
				return false
			}
			end = headEnd(text, end+1)
		}
		h.start[h.n], h.end[h.n] = i, end
		h.n++
		if end == len(text) {
			return true
		}
		for i = end + 1; i < len(text) && asciiSpace[text[i]]; {
			i++
		}
		if i < len(text) && text[i] >= utf8.RuneSelf {
			return false
		}
	}
	h.data = i
	return true
}

// split is splitASCII for any UTF-8 text.
func (h *header) split(text string) {
	h.data = -1
	i := min(len(Magic), len(text))
	for h.n < headerFields {
		n := indexSpace(text[i:])
		if n < 0 {
			n = len(text) - i
		}
		h.start[h.n], h.end[h.n] = i, i+n
		h.n++
		if i += n; i == len(text) {
			return
		}
		i += spacePrefix(text[i:])
	}
	h.data = i
}

// fill checks the header that h found in text and takes it over.
func (m *Message) fill(text string, h *header) *Error {
	if !strings.HasPrefix(text, Magic) {
		return fieldError("magic", 0, "no message: it does not begin with %s", Magic)
	}
	if h.n <= inVersion {
		return fieldError(fieldNames[h.n], len(text), "message ends before its %s", fieldNames[h.n])
	}
	if h.end[inSubject] == h.start[inSubject] {
		return fieldError("subject", h.start[inSubject], "empty")
	}
	m.subject = h.word(inSubject)
	m.typ = h.word(inType)
	m.sender = h.word(inSender)
	m.version = h.word(inVersion)
	if v := h.of(text, inVersion); Version(v) > Current { // before all that a newer version may write otherwise
		return fieldError("version", h.start[inVersion], "%q: %w", shown(v), ErrVersion)
	}
	t, ok := parseTime(h.of(text, inTime))
	if !ok {
		return fieldError("time", h.start[inTime], "%q: %w", shown(h.of(text, inTime)), errNoTime)
	}
	m.time, m.naive = t.Time, t.Naive
	return m.fillData(text, h)
}

var errMIMEAlone = errors.New("MIME type without data, or a blank behind the version")

func (m *Message) fillData(text string, h *header) *Error {
	if h.n <= inMIME {
		return nil
	}
	if h.data < 0 {
		return &Error{Field: "mime", Offset: h.start[inMIME], Err: errMIMEAlone}
	}
	if m.mime = knownMIME(h.of(text, inMIME)); m.mime == noData {
		return fieldError("mime", h.start[inMIME], "unknown type %q", shown(h.of(text, inMIME)))
	}
	m.data = uint32(len(m.frame) - m.frameLen(text[h.data:]))
	return nil
}

// frameLen is the number of bytes in the frame for a part of its text.
func (m *Message) frameLen(text string) int {
	if m.latin1 != nil {
		return utf8.RuneCountInString(text)
	}
	return len(text)
}

// knownMIME returns the type that s is, in any case of ASCII letters, or noData.
func knownMIME(s string) mime {
	for i, known := range mimeNames {
		if s != "" && (s == known || len(s) == len(known) && lowerASCII(s) == known) {
			return mime(i)
		}
	}
	return noData
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}
