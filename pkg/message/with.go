package message

import (
	"slices"
	"unicode/utf8"
)

// The With methods that change the header leave all other bytes as they are,
// the data above all: a relay that sets a sender does not touch spaces, the
// spelling of numbers and times, or the order of keys. In a message that came
// in ISO 8859-1 the new word is written in that too; a word that it cannot hold
// is an error.

// Words are words of a header. An empty one says nothing.
type Words struct{ Subject, Type, Sender string }

// WithWords returns m with other words: all at once, which costs less than
// [Message.WithSubject], [Message.WithType] and [Message.WithSender] one by one,
// and is otherwise the same. Without any it is m itself.
func (m *Message) WithWords(w Words) (*Message, error) {
	words := w.list()
	if words == [3]string{} {
		return m, nil
	}
	if made, ok := m.withASCII(words); ok {
		return made, nil
	}
	for field, word := range words {
		if word == "" {
			continue
		}
		var err error
		if m, err = m.withWord(field, word); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// AppendWords appends to b the frame that m has with other words, as
// [Message.WithWords] makes it, and costs less where nobody asks for the message.
// It does so only where all of the header and the words are ASCII, and tells
// whether they are: nothing of the new message is other than in m then but these
// words.
func (m *Message) AppendWords(b []byte, w Words) (frame []byte, ok bool) {
	words := w.list()
	h, size, ok := m.splitFor(&words)
	if !ok {
		return b, false
	}
	b = slices.Grow(b, size)
	done := 0 // of m's frame
	for field, word := range words {
		if word != "" {
			b = append(append(b, m.frame[done:h.start[field]]...), word...)
			done = h.end[field]
		}
	}
	return append(b, m.frame[done:]...), true
}

func (w *Words) list() [inSender + 1]string {
	return [...]string{inSubject: w.Subject, inType: w.Type, inSender: w.Sender}
}

// splitFor splits the header and returns how large the frame is going to be with
// other words; ok tells whether the header and the words are ASCII.
func (m *Message) splitFor(words *[inSender + 1]string) (h header, size int, ok bool) {
	if !h.splitASCII(view(m.frame[:m.data])) {
		return h, 0, false
	}
	size = len(m.frame)
	for field, word := range words {
		if headEnd(word, 0) != len(word) {
			return h, 0, false
		}
		if word != "" {
			size += len(word) - (h.end[field] - h.start[field])
		}
	}
	return h, size, true
}

// withASCII replaces the words that are not empty where they and the header are
// ASCII, and says whether they are. Nothing has to be decoded again then.
func (m *Message) withASCII(words [inSender + 1]string) (*Message, bool) {
	h, size, ok := m.splitFor(&words)
	if !ok {
		return nil, false
	}
	made := *m
	frame := make([]byte, 0, size)
	done := 0 // of m's frame
	for field, to := range [...]*word{inSubject: &made.subject, inType: &made.typ, inSender: &made.sender} {
		frame = append(frame, m.frame[done:h.start[field]]...)
		start := len(frame)
		if word := words[field]; word != "" {
			frame = append(frame, word...)
		} else {
			frame = append(frame, m.frame[h.start[field]:h.end[field]]...)
		}
		*to = word{uint32(start), uint32(len(frame))}
		done = h.end[field]
	}
	frame = append(frame, m.frame[done:]...)
	longer := uint32(size - len(m.frame)) // or shorter: it wraps around, and so does the sum
	made.frame = frame
	made.latin1 = nil // if it was for the data: these words are the same in the frame
	made.version = word{m.version.start + longer, m.version.end + longer}
	made.data += longer
	return &made, true
}

// WithSubject returns m with another subject.
func (m *Message) WithSubject(s string) (*Message, error) { return m.withWord(inSubject, s) }

// WithType returns m with another type.
func (m *Message) WithType(s string) (*Message, error) { return m.withWord(inType, s) }

// WithSender returns m with another sender.
func (m *Message) WithSender(s string) (*Message, error) { return m.withWord(inSender, s) }

// WithTime returns m with another time, written in the form of m's version.
func (m *Message) WithTime(t Time) (*Message, error) {
	if !t.inRange() {
		return nil, &Error{Field: "time", Offset: -1, Err: errYear}
	}
	word := t.appendISO(nil, !t.Naive && !m.Version().cutsOffsets())
	return m.withWord(inTime, string(word))
}

// withWord returns m with another word in a field of the header.
func (m *Message) withWord(field int, word string) (*Message, error) {
	if err := checkWord(fieldNames[field], word); err != nil {
		return nil, err
	}
	data := m.frame[m.data:]
	var h header
	if h.splitASCII(view(m.frame[:m.data])) && utf8.Valid(data) {
		frame := make([]byte, 0, len(m.frame)+len(word))
		frame = append(append(frame, m.frame[:h.start[field]]...), word...)
		return m.decodeAgain(append(frame, m.frame[h.end[field]:]...))
	}
	head := m.text(m.frame[:m.data])
	h = header{}
	h.split(head)
	head = head[:h.start[field]] + word + head[h.end[field]:]
	newHead := []byte(head)
	if m.latin1 != nil || !utf8.Valid(data) {
		var ok bool
		if newHead, ok = toLatin1(head); !ok {
			return nil, fieldError(fieldNames[field], -1, "%q in a message that is ISO 8859-1", shown(word))
		}
		if frame := slices.Concat(newHead, data); !utf8.Valid(frame) {
			return m.decodeAgain(frame)
		}
		// The word was all that kept the frame from being read as UTF-8.
		newHead = []byte(head)
	}
	return m.decodeAgain(slices.Concat(newHead, data))
}

// decodeAgain decodes with the limits of m, but for the size: one word more
// must not make a message too large.
func (m *Message) decodeAgain(frame []byte) (*Message, error) {
	return Decoder{MaxSize: len(frame), MaxDepth: int(m.maxDepth)}.Decode(frame)
}

// WithVersion returns m in another version. The header's time takes the form of
// that version: up to v1.01 its offset is cut off, above that a time without
// offset gets +00:00, since it is UTC by convention. JSON data keeps its bytes,
// except that up to v1.01 each datetime in it that has an offset is written as
// the reference writes it, without. Nothing is converted: the digits stay as
// they are. A message in ISO 8859-1 becomes UTF-8 when its data changes.
func (m *Message) WithVersion(v Version) (*Message, error) {
	if v == "" {
		return nil, fieldError("version", -1, "empty")
	}
	if err := v.check(); err != nil {
		return nil, err
	}
	var data []byte
	if v.cutsOffsets() {
		var err error
		if data, err = m.cutOffsets(); err != nil {
			return nil, err
		}
	}
	changed, err := m.withWord(inVersion, string(v))
	if err != nil {
		return nil, err
	}
	if m.naive != v.cutsOffsets() {
		t := Time{Time: m.time} // WithTime cuts the offset where v has none
		if changed, err = changed.WithTime(t); err != nil {
			return nil, err
		}
	}
	if data == nil {
		return changed, nil
	}
	return changed.withText(data)
}

// WithData returns m with other data; the header stays as it is. Up to v1.01
// the times in data lose their offset. See [Fields] for what data may be.
func (m *Message) WithData(data any) (*Message, error) { return m.withData(data, false) }

// WithBinary returns m with other data, marked as octets.
func (m *Message) WithBinary(data []byte) (*Message, error) { return m.withData(data, true) }

func (m *Message) withData(data any, binary bool) (*Message, error) {
	if m.Version() == "" { // data behind it would be taken for the version
		v, err := m.WithVersion(V101)
		if err != nil {
			return nil, err
		}
		m = v
	}
	w := writer{cut: m.Version().cutsOffsets()}
	buf := getBuffer()
	defer buf.free()
	mime, err := w.data(buf, data, binary)
	if err != nil {
		return nil, encodeError(err)
	}
	head := m.Head() // as UTF-8, which the new data is
	frame := make([]byte, 0, len(head)+len(MIMEBinary)+len(buf.b)+2)
	frame = append(frame, head...)
	if mime != noData {
		frame = append(append(frame, ' '), mimeNames[mime]...)
		frame = append(append(frame, ' '), buf.b...)
	}
	return m.decodeAgain(frame)
}
