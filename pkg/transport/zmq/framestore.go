package zmq

import (
	"slices"
	"sync"
)

const (
	// blockBytes is the memory that frames share: small enough to stay near the processor from when they are copied there until they are sent on.
	blockBytes = 128 << 10
	// blockFrame is the largest frame that shares memory.
	blockFrame = 32 << 10
)

// spareBlocks are done with, and taken again: by all subscribers, so that the memory of one that has nothing to do is another's, and until garbage is collected twice, so
// that it is nobody's when there is no more to do.
var spareBlocks = sync.Pool{New: func() any { return new([blockBytes]byte) }}

// block is where frames stand one behind the other; its length is what is taken.
type block []byte

// frameStore copies frames into blocks that are used again when all their frames are done with. Nil, it gives each frame memory of its own. It is the reader's.
type frameStore struct {
	now  block   // that frames are copied to
	done []block // that have no more room, since full was asked
}

// clone copies a frame.
func (s *frameStore) clone(frame []byte) []byte {
	if s == nil || len(frame) > blockFrame {
		return slices.Clone(frame)
	}
	if len(frame) > cap(s.now)-len(s.now) {
		if s.now != nil {
			s.done = append(s.done, s.now)
		}
		s.now = spareBlocks.Get().(*[blockBytes]byte)[:0]
	}
	begin := len(s.now)
	s.now = append(s.now, frame...)
	return s.now[begin:len(s.now):len(s.now)]
}

// full returns the blocks that no frame is copied to any more. They are valid until the next call.
func (s *frameStore) full() []block {
	if s == nil {
		return nil
	}
	full := s.done
	s.done = s.done[:0]
	return full
}

// putBack takes blocks whose frames are done with.
func putBack(blocks []block) {
	for _, b := range blocks {
		spareBlocks.Put((*[blockBytes]byte)(b[:blockBytes]))
	}
}
