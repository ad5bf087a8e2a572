package message

import "strings"

// Topic puts the magic in front of a subscription topic as deployed subscribers
// do (doc/protocol.md, section 2): "counter" and "/counter" become
// "pytroll://counter", "" becomes "pytroll://", and a topic that begins with
// the magic is kept. Only such a topic covers subjects without leading slash:
// "pytroll:/", which is everything, or "pytroll:/log".
func Topic(topic string) string {
	switch {
	case strings.HasPrefix(topic, Magic):
		return topic
	case strings.HasPrefix(topic, "/"):
		return Magic + topic
	}
	return Magic + "/" + topic
}

// Match tells whether a frame passes a subscription to topic, which is a prefix
// of it once [Topic] has completed it. It may reach past the subject. With a
// topic that is complete it does not allocate.
func Match(frame []byte, topic string) bool {
	return strings.HasPrefix(view(frame), Topic(topic))
}

// Matches tells whether m passes a subscription to one of the topics. No topics
// subscribe to nothing.
func (m *Message) Matches(topics ...string) bool {
	for _, t := range topics {
		if Match(m.frame, t) {
			return true
		}
	}
	return false
}

// Covers tells whether every message of that subject passes a subscription to
// topic.
func Covers(topic, subject string) bool {
	return strings.HasPrefix(Magic+subject+" ", Topic(topic))
}
