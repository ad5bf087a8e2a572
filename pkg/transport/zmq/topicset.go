package zmq

import "hash/maphash"

const (
	// maxTopic bounds a topic that a subscriber may ask for, in bytes.
	maxTopic = 4 << 10
	// maxTopicBytes bounds all that one connection asks for. libzmq keeps topics in a tree that takes some forty times
	// their length.
	maxTopicBytes = 1 << 20
)

// topicSeed makes hashes that nobody outside can foresee.
var topicSeed = maphash.MakeSeed()

// topicSet is what one connection has subscribed to, by the hashes of the topics. As in libzmq a topic is there once, however often it is asked for, and
// what is not there can't be taken back: otherwise a connection could pay for topics with the end of those that it never had.
//
// The zero value is empty.
type topicSet struct {
	hashes map[uint64]struct{}
	most   int // hashes that there were, since the map was made
	bytes  int
	sizes  topicSizes
}

// apply takes in a topic, or its end, and tells whether that has changed anything.
func (s *topicSet) apply(topic []byte, begins bool) (changed bool) {
	hash := maphash.Bytes(topicSeed, topic)
	size := len(topic) + 1 // libzmq keeps the empty one too
	if _, known := s.hashes[hash]; known == begins {
		return false
	}
	if !begins {
		delete(s.hashes, hash)
		s.hashes, s.most = lean(s.hashes, s.most)
		s.bytes -= size
		s.sizes.add(len(topic), -1)
		return true
	}
	if s.hashes == nil {
		s.hashes = make(map[uint64]struct{})
	}
	s.hashes[hash] = struct{}{}
	s.most = max(s.most, len(s.hashes))
	s.bytes += size
	s.sizes.add(len(topic), 1)
	return true
}

// covers tells whether a frame begins with one of the topics.
func (s *topicSet) covers(frame []byte) bool {
	return s.sizes.match(frame, func(head []byte) bool {
		_, ok := s.hashes[maphash.Bytes(topicSeed, head)]
		return ok
	})
}

// len is the number of topics.
func (s *topicSet) len() int { return len(s.hashes) }

// tooMuch tells whether a connection has more topics than it may.
func (s *topicSet) tooMuch() bool { return s.bytes > maxTopicBytes }

// load is what the topics cost where nobody else has the same.
func (s *topicSet) load() load { return load{topics: s.len(), bytes: s.bytes, subscriptions: s.len()} }
