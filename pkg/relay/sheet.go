package relay

import "github.com/pytroll/posttroll-go/pkg/message"

// sheet is where frames are written one behind the other: memory is asked for once for many. A frame that somebody keeps keeps the whole sheet, so
// it is for sinks that keep none. The zero value, and nil, write each frame into memory of its own.
type sheet struct {
	shared bool
	room   []byte // of which the first len bytes are written
}

const (
	sheetBytes = 32 << 10 // the largest that Go's allocator does not make on its own
	// sheetFrame is the largest frame that stands in one.
	sheetFrame = sheetBytes / 8
)

// write writes m with other words, where [message.Message.AppendWords] can.
func (s *sheet) write(m *message.Message, words message.Words) (frame []byte, ok bool) {
	size := len(m.Bytes()) + len(words.Subject) + len(words.Type) + len(words.Sender)
	if s == nil || !s.shared || size > sheetFrame {
		return m.AppendWords(nil, words)
	}
	if size > cap(s.room)-len(s.room) {
		s.room = make([]byte, 0, sheetBytes)
	}
	begin := len(s.room)
	frame, ok = m.AppendWords(s.room[begin:], words)
	if ok {
		s.room = s.room[:begin+len(frame)]
	}
	return frame[:len(frame):len(frame)], ok
}
