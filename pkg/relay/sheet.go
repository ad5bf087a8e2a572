package relay

import "github.com/pytroll/posttroll-go/pkg/message"

// sheet is where the frames that routes make stand until they have left: memory that is used again and again. Nil writes each frame into memory of its
// own.
type sheet struct {
	room []byte // of which the first len bytes are written
}

const (
	sheetBytes = 256 << 10
	// sheetFrame is the largest frame that stands on one.
	sheetFrame = 32 << 10
)

// write writes m with other words, where [message.Message.AppendWords] can.
func (s *sheet) write(m *message.Message, words message.Words) (frame []byte, ok bool) {
	size := len(m.Bytes()) + len(words.Subject) + len(words.Type) + len(words.Sender)
	if s == nil || size > sheetFrame || s.full() {
		return m.AppendWords(nil, words)
	}
	if s.room == nil {
		s.room = make([]byte, 0, sheetBytes)
	}
	begin := len(s.room)
	frame, ok = m.AppendWords(s.room[begin:], words)
	if ok {
		s.room = s.room[:begin+len(frame)]
	}
	return frame[:len(frame):len(frame)], ok
}

// full tells whether there may be no room for one more frame.
func (s *sheet) full() bool { return len(s.room) > sheetBytes-sheetFrame }

// wipe takes back all frames.
func (s *sheet) wipe() { s.room = s.room[:0] }
