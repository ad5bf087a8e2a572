package pubsub

import "github.com/pytroll/posttroll-go/pkg/message"

// slab is memory for messages that is used again for those of the next batch.
type slab struct {
	rows []*[slabRow]message.Message
	used int // messages
}

const slabRow = 64

// next returns memory for one more message.
func (s *slab) next() *message.Message {
	row, at := s.used/slabRow, s.used%slabRow
	if row == len(s.rows) {
		s.rows = append(s.rows, new([slabRow]message.Message))
	}
	s.used++
	return &s.rows[row][at]
}

// reuse takes back all messages.
func (s *slab) reuse() {
	if s != nil {
		s.used = 0
	}
}
