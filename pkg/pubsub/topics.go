package pubsub

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// Topics that a subscriber has when it names none (doc/protocol.md, section 2).
const (
	everySubject = message.Magic       // with services: also the subjects that lack a leading slash
	everyTopic   = message.Magic + "/" // with addresses alone
)

// topicSet are topics as they go over the wire, sorted, each once.
type topicSet []string

// newTopicSet puts the magic in front of topics.
func newTopicSet(topics []string) topicSet {
	set := make(topicSet, 0, len(topics))
	for _, topic := range topics {
		set = append(set, message.Topic(topic))
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// defaultTopics are those of a subscriber that names none.
func defaultTopics(o SubscriberOptions) topicSet {
	if len(o.Services) > 0 {
		return topicSet{everySubject}
	}
	return topicSet{everyTopic}
}

// withHeartbeats returns t and the topic of heartbeats, if anything is wanted and t does not cover them.
func (t topicSet) withHeartbeats() topicSet {
	if len(t) == 0 || t.covers([]byte(heartbeatTopic)) {
		return t
	}
	return append(slices.Clone(t), heartbeatTopic)
}

// key identifies the set.
func (t topicSet) key() string { return strings.Join(t, "\x00") }

// covers tells whether frame begins with one of the topics.
func (t topicSet) covers(frame []byte) bool {
	for _, topic := range t {
		if bytes.HasPrefix(frame, []byte(topic)) {
			return true
		}
	}
	return false
}
