package zmq

import (
	"cmp"
	"slices"
)

// topicSizes are the sizes that topics have, sorted: with them a look-up for each size finds the topic that a message begins with, however many topics there are. There
// are maxTopic+1 of them at most.
type topicSizes []topicSize

// topicSize is a number of topics of the same size.
type topicSize struct{ size, topics int }

// add adds topics of a size, or takes them out.
func (s *topicSizes) add(size, topics int) {
	i, found := slices.BinarySearchFunc(*s, size, func(a topicSize, size int) int { return cmp.Compare(a.size, size) })
	if !found {
		*s = slices.Insert(*s, i, topicSize{size: size})
	}
	if (*s)[i].topics += topics; (*s)[i].topics == 0 {
		*s = slices.Delete(*s, i, i+1)
	}
}

// match tells whether known is true of what frame begins with, by one of the sizes.
func (s topicSizes) match(frame []byte, known func(head []byte) bool) bool {
	for _, t := range s {
		if t.size > len(frame) {
			return false
		}
		if known(frame[:t.size]) {
			return true
		}
	}
	return false
}
