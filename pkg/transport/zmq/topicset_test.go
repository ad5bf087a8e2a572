package zmq

import (
	"bytes"
	"testing"
)

func TestTopicSet(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("x"), maxTopicBytes-1)
	var s topicSet
	for i, tt := range []struct {
		topic   []byte
		begins  bool
		changed bool
		len     int
		tooMuch bool
	}{
		{nil, false, false, 0, false},
		{long, true, true, 1, false},
		{long, true, false, 1, false},
		{nil, true, true, 2, true},
		{nil, true, false, 2, true},
		{[]byte("never"), false, false, 2, true},
		{long, false, true, 1, false},
		{long, false, false, 1, false},
		{nil, false, true, 0, false},
		{nil, false, false, 0, false},
		{long, true, true, 1, false},
	} {
		changed := s.apply(tt.topic, tt.begins)
		if changed != tt.changed || s.len() != tt.len || s.tooMuch() != tt.tooMuch {
			t.Errorf("step %d: changed %t, %d topics, too much %t: want %+v", i, changed, s.len(), s.tooMuch(), tt)
		}
	}
}
