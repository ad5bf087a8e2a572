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
	// spareBlocks are kept for use again at most.
	spareBlocks = 16
)

// block is where frames stand one behind the other; its length is what is taken.
type block []byte

// frameStore copies frames into blocks that are used again when all their frames are done with. Nil, it gives each frame memory of its own.
type frameStore struct {
	// Of the reader.
	now  block   // that frames are copied to
	done []block // that have no more room, since full was asked

	mu    sync.Mutex
	spare []block
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
		s.now = s.take()
	}
	begin := len(s.now)
	s.now = append(s.now, frame...)
	return s.now[begin:len(s.now):len(s.now)]
}

// take returns a block that nobody uses.
func (s *frameStore) take() block {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.spare); n > 0 {
		b := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return b[:0]
	}
	return make(block, 0, blockBytes)
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
func (s *frameStore) putBack(blocks []block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = append(s.spare, blocks[:min(len(blocks), spareBlocks-len(s.spare))]...)
}
