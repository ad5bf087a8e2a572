package message

import (
	"fmt"
	"reflect"
	"sync"
	"time"
	"unicode/utf8"
)

// Fields are the parts of a message that is to be encoded.
type Fields struct {
	// Subject by convention begins with a slash: one without goes out as
	// pytroll:/subject, and a subscription to "subject" (pytroll://subject)
	// never matches it.
	Subject string
	// Type is a word such as "file", "dataset", "info".
	Type string
	// Sender is user@host. Default: [LocalSender].
	Sender string
	// Time default, for the zero value: now, in UTC. Up to v1.01 its offset is
	// dropped, not converted: give UTC.
	Time Time
	// Version default: the encoder's; else v1.01 for binary data, v1.2 if a
	// time is anywhere in the data, v1.01 for all others.
	Version Version
	// Data goes out as text when it is a string or []byte, else as JSON; see
	// [AppendJSON]. What Python holds to be false (nil, "", 0, false, an empty
	// list or object) is no data. White space that text begins with is lost
	// when it is read.
	Data any
	// Binary marks Data, then a string or []byte, as octets. They must be
	// valid UTF-8 all the same: nothing else can be read by the peers.
	Binary bool
}

// Encoder encodes messages. The zero value is ready to use.
type Encoder struct {
	// Version is written when a message has none of its own (setting message_version).
	Version Version
}

// New is Encoder{}.Encode with sender, time and version filled in.
func New(subject, typ string, data any) (*Message, error) {
	return Encoder{}.New(subject, typ, data)
}

// New is Encode with sender and time filled in.
func (e Encoder) New(subject, typ string, data any) (*Message, error) {
	return e.Encode(Fields{Subject: subject, Type: typ, Data: data})
}

// Encode encodes f. It refuses what a peer could not read or would die of: an
// empty subject, type or sender, white space in them, a version above
// [Current], text that is not UTF-8, a frame above [DefaultMaxSize]. All errors
// are of type [*Error].
func (e Encoder) Encode(f Fields) (*Message, error) {
	if f.Sender == "" {
		f.Sender = LocalSender()
	}
	if f.Time == (Time{}) {
		f.Time = Time{Time: time.Now().UTC()}
	}
	if f.Version == "" {
		f.Version = e.Version
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	buf := getBuffer()
	m, err := f.encode(buf)
	buf.free()
	if err != nil {
		return nil, encodeError(err)
	}
	return m, nil
}

// encode writes f, its data first, which has a say in what the header is.
func (f *Fields) encode(buf *buffer) (*Message, error) {
	w := writer{cut: f.Version != "" && f.Version.cutsOffsets()}
	mime, err := w.data(buf, f.Data, f.Binary)
	if err != nil {
		return nil, err
	}
	if f.Version == "" {
		f.Version = w.version(mime)
	}
	frame, h := f.frame(mime, buf.b)
	return f.message(frame, &h, mime)
}

// message is what Decode makes of the frame. Where each of its words is known from writing them, they are not looked for again.
func (f *Fields) message(frame []byte, h *header, mime mime) (*Message, error) {
	t, ok := f.Time.asWritten(!f.Time.Naive && !f.Version.cutsOffsets())
	if !ok || mime != isJSONData || asciiSpace[frame[h.data]] || frame[h.data] >= utf8.RuneSelf || len(frame) > DefaultMaxSize {
		return Decode(frame)
	}
	return &Message{
		frame:    frame,
		time:     t.Time,
		naive:    t.Naive,
		subject:  h.word(inSubject),
		typ:      h.word(inType),
		sender:   h.word(inSender),
		version:  h.word(inVersion),
		data:     uint32(h.data),
		mime:     mime,
		maxDepth: DefaultMaxDepth,
	}, nil
}

// check checks the header.
func (f *Fields) check() error {
	words := [...]struct{ name, value string }{
		{"subject", f.Subject}, {"type", f.Type}, {"sender", f.Sender},
	}
	for _, w := range words {
		if err := checkWord(w.name, w.value); err != nil {
			return err
		}
	}
	if !f.Time.inRange() {
		return &Error{Field: "time", Offset: -1, Err: errYear}
	}
	return f.Version.check()
}

// check checks a version that is to be written; none is fine.
func (v Version) check() error {
	if v == "" {
		return nil
	}
	if v > Current {
		return fieldError("version", -1, "%q: %w", shown(string(v)), ErrVersion)
	}
	return checkWord("version", string(v))
}

// checkWord checks a field of the header that is to be written.
func checkWord(name, s string) error {
	switch {
	case s == "":
		return fieldError(name, -1, "empty")
	case headEnd(s, 0) == len(s): // printable ASCII
		return nil
	case !utf8.ValidString(s):
		return fieldError(name, -1, "%q: %w", shown(s), ErrNotUTF8)
	case indexSpace(s) >= 0:
		return fieldError(name, -1, "%q: white space ends the field", shown(s))
	}
	return nil
}

// frame puts the message together, and tells where its words are.
func (f *Fields) frame(mime mime, data []byte) ([]byte, header) {
	n := len(Magic) + len(f.Subject) + len(f.Type) + len(f.Sender) + len(f.Version) + len(MIMEBinary) + len(data) + 48
	b := append(make([]byte, 0, n), Magic...)
	h := header{data: -1}
	h.start[inSubject] = len(b)
	b = h.append(b, f.Subject)
	b = h.append(b, f.Type)
	b = h.append(b, f.Sender)
	b = f.Time.appendISO(b, !f.Time.Naive && !f.Version.cutsOffsets())
	b = h.append(b, "")
	b = h.append(b, string(f.Version))
	if mime == noData {
		return b[:len(b)-1], h
	}
	b = h.append(b, mimeNames[mime])
	h.data = len(b)
	return append(b, data...), h
}

// append appends the next word, or the end of it, and a blank.
func (h *header) append(b []byte, word string) []byte {
	b = append(b, word...)
	h.end[h.n] = len(b)
	b = append(b, ' ')
	if h.n++; h.n < headerFields {
		h.start[h.n] = len(b)
	}
	return b
}

// encodeError makes any error one of ours.
func encodeError(err error) error {
	if e, ok := err.(*Error); ok {
		return &Error{Field: e.Field, Offset: -1, Err: e.Err}
	}
	return &Error{Field: "data", Offset: -1, Err: err}
}

// buffer is where data is written before the length of the header is known.
type buffer struct{ b []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// keepBuffer is the size above which a buffer is not kept.
const keepBuffer = 64 << 10

func getBuffer() *buffer { return buffers.Get().(*buffer) }

func (b *buffer) free() {
	if b.b = b.b[:0]; cap(b.b) > keepBuffer {
		b.b = nil
	}
	buffers.Put(b)
}

// version is what the data written needs.
func (w *writer) version(mime mime) Version {
	if w.sawTime && mime == isJSONData {
		return V12
	}
	return V101
}

// data writes v into buf and returns its MIME type.
func (w *writer) data(buf *buffer, v any, binary bool) (_ mime, err error) {
	if text, ok := textOf(v); ok {
		return textData(buf, text, binary)
	}
	buf.b, err = w.value(buf.b, v)
	switch {
	case err == nil && isFalse(buf.b): // also where it is called binary
		return noData, nil
	case binary:
		return noData, fmt.Errorf("binary data is a %T, no string or []byte", v)
	}
	return isJSONData, err
}

func textData(buf *buffer, text string, binary bool) (mime, error) {
	switch {
	case !utf8.ValidString(text):
		return noData, ErrNotUTF8
	case text == "":
		return noData, nil
	}
	buf.b = append(buf.b, text...)
	if binary {
		return isBinaryData, nil
	}
	return isTextData, nil
}

// textOf returns the text that v is, if it is a string or bytes of any name
// that has no JSON of its own.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return view(v), true
	case nil, *Object, RawJSON, map[string]any, []any:
		return "", false
	}
	r := reflect.ValueOf(v)
	p := planOf(r.Type())
	for p.write == isPointer && !r.IsNil() {
		r, p = r.Elem(), p.elem
	}
	switch p.write {
	case isString:
		return r.String(), true
	case isBytes:
		return view(r.Bytes()), true
	}
	return "", false
}

// isFalse tells whether JSON is a value that Python holds to be false.
func isFalse(b []byte) bool {
	switch string(b) {
	case "null", "false", "0", "0.0", "-0.0", `""`, "[]", "{}":
		return true
	}
	return false
}
