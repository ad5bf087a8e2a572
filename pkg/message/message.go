package message

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"
)

// Magic begins every message.
const Magic = "pytroll:/"

// Version is the version word of a message header. It is compared as text, as
// deployed peers do: anything at or below [Current] is accepted.
type Version string

// The versions that are written.
const (
	V101    Version = "v1.01" // times without offset, in UTC
	V12     Version = "v1.2"  // times with offset
	Current         = V12
)

// cutsOffsets tells whether times are written without offset.
func (v Version) cutsOffsets() bool { return v <= V101 }

// The MIME types of data, as they are written. They are read in any case.
const (
	MIMEText   = "text/ascii"
	MIMEJSON   = "application/json"
	MIMEBinary = "binary/octet-stream"
)

// mime is one of these types.
type mime uint8

const (
	noData mime = iota
	isJSONData
	isTextData
	isBinaryData
)

var mimeNames = [...]string{isJSONData: MIMEJSON, isTextData: MIMEText, isBinaryData: MIMEBinary}

// Message is one posttroll message. It never changes, and may be used by
// several goroutines at once.
//
// It is small, 96 bytes, since there is one for each frame: words are where they
// stand and no strings, for which [Decoder.MaxSize] is at most 2 GiB.
type Message struct {
	frame    []byte
	latin1   *string // the text of a frame that is no UTF-8 and was read as ISO 8859-1; nil for all others
	time     time.Time
	subject  word
	typ      word
	sender   word
	version  word
	data     uint32 // where it begins in frame; at its end: there is none
	maxDepth uint16 // of the data
	mime     mime
	naive    bool // the time
}

// word is where a word of the header begins and ends in the text.
type word struct{ start, end uint32 }

// word returns a word of the header.
func (m *Message) word(w word) string {
	if m.latin1 != nil {
		return (*m.latin1)[w.start:w.end]
	}
	return view(m.frame[w.start:w.end])
}

// Bytes returns the frame: for a message that was received, the very bytes that
// came in. They must not be changed.
func (m *Message) Bytes() []byte { return m.frame }

// String returns the frame as text.
func (m *Message) String() string { return m.text(m.frame) }

// Head returns the frame without MIME type and data.
func (m *Message) Head() string {
	if m.latin1 != nil {
		return (*m.latin1)[:m.version.end]
	}
	return m.text(m.frame[:m.version.end])
}

// text returns a part of the frame as text.
func (m *Message) text(b []byte) string {
	if m.latin1 != nil || !utf8.Valid(b) {
		return fromLatin1(b)
	}
	return view(b)
}

// Subject returns the subject, with its leading slash if it has one.
func (m *Message) Subject() string { return m.word(m.subject) }

// Type returns the type, such as "file" or "info".
func (m *Message) Type() string { return m.word(m.typ) }

// Sender returns the sender, user@host by convention.
func (m *Message) Sender() string { return m.word(m.sender) }

// User returns what stands before the first @ of the sender, or nothing when
// there is none.
func (m *Message) User() string {
	user, _, found := strings.Cut(m.Sender(), "@")
	if !found {
		return ""
	}
	return user
}

// Host returns what stands behind the first @ of the sender.
func (m *Message) Host() string {
	_, host, _ := strings.Cut(m.Sender(), "@")
	return host
}

// Time returns the time in the header. It is naive in messages up to v1.01 as
// they are written today.
func (m *Message) Time() Time { return Time{Time: m.time, Naive: m.naive} }

// Version returns the version word as it came.
func (m *Message) Version() Version { return Version(m.word(m.version)) }

// MIME returns the MIME type in lower case, or nothing when there is no data.
func (m *Message) MIME() string { return mimeNames[m.mime] }

// Binary tells whether the data is octets rather than text or JSON.
func (m *Message) Binary() bool { return m.mime == isBinaryData }

// RawData returns the data as it stands in the frame, or nil when there is
// none. It must not be changed.
func (m *Message) RawData() []byte {
	if m.mime == noData {
		return nil
	}
	return m.frame[m.data:]
}

// Data returns the data as generic values: those of [Object] for JSON, a string
// for text and binary data, "" for none. In JSON a string value inside an
// object, at any depth, that [ParseTime] takes is a [Time]; keys, a string
// alone and strings of a list that is in no object are not, as in the
// reference. Each call decodes anew, and the values are the caller's.
func (m *Message) Data() (any, error) { return m.generic(true) }

// PlainData is Data with every string as it came: none is taken for a [Time].
// Put back with [Message.WithData], what nobody has changed in it is written
// with the same digits, so it is what a program wants that changes a part of
// the data and passes on the rest.
func (m *Message) PlainData() (any, error) { return m.generic(false) }

// generic returns the data as generic values, with or without times.
func (m *Message) generic(times bool) (any, error) {
	text := m.text(m.RawData())
	if m.mime != isJSONData {
		return text, nil
	}
	v, err := parseData(text, int(m.maxDepth), times)
	if err != nil {
		return nil, m.dataError(err, text)
	}
	return v, nil
}

// dataError turns an offset in the data's text into one in the frame.
func (m *Message) dataError(err error, text string) error {
	e, ok := err.(*Error)
	if !ok {
		return &Error{Field: "data", Offset: int(m.data), Err: err}
	}
	off := min(e.Offset, len(text))
	if len(text) != len(m.RawData()) { // read as ISO 8859-1
		off = utf8.RuneCountInString(text[:off])
	}
	return &Error{Field: e.Field, Offset: int(m.data) + off, Err: e.Err}
}

// Fields takes m apart, to be changed and encoded again. The data is generic;
// what the bytes had beyond its meaning (spaces, the spelling of numbers and
// times) is gone then, so use the With methods to change the header alone.
func (m *Message) Fields() (Fields, error) {
	data, err := m.Data()
	if err != nil {
		return Fields{}, err
	}
	return Fields{
		Subject: m.Subject(),
		Type:    m.Type(),
		Sender:  m.Sender(),
		Time:    m.Time(),
		Version: m.Version(),
		Data:    data,
		Binary:  m.Binary(),
	}, nil
}

// Equal tells whether m and o are the same frame.
func (m *Message) Equal(o *Message) bool {
	if m == nil || o == nil {
		return m == o
	}
	return bytes.Equal(m.frame, o.frame)
}
