package zmq

import (
	"cmp"
	"maps"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// maxTopics bounds the topics that are counted; further ones are served by libzmq and not listed.
const maxTopics = 100_000

// topics counts the subscriptions to a publisher.
type topics struct {
	count   map[string]int
	dirty   bool
	changed chan struct{} // closed and replaced when count has changed
}

func newTopics() topics {
	return topics{count: make(map[string]int), changed: make(chan struct{})}
}

// parseSubscription reads a message of an XPUB socket: 1 and a topic when it was subscribed, 0 and a topic when that was
// taken back or its subscriber is gone. Anything else is a message that a subscriber has no business to send.
func parseSubscription(message []byte) (topic []byte, subscribed, ok bool) {
	if len(message) == 0 || message[0] > 1 {
		return nil, false, false
	}
	return message[1:], message[0] == 1, true
}

// apply counts a subscription or its end.
func (t *topics) apply(topic []byte, subscribed bool) {
	n, known := t.count[string(topic)]
	switch {
	case subscribed && (known || len(t.count) < maxTopics):
		t.count[string(topic)] = n + 1
	case !subscribed && n > 1:
		t.count[string(topic)] = n - 1
	case !subscribed:
		delete(t.count, string(topic))
	}
	t.dirty = true
}

// announce wakes those who wait for a change.
func (t *topics) announce() {
	if t.dirty {
		close(t.changed)
		t.changed = make(chan struct{})
		t.dirty = false
	}
}

// list returns the subscriptions sorted by topic.
func (t *topics) list() []transport.Subscription {
	list := make([]transport.Subscription, 0, len(t.count))
	for topic, n := range maps.All(t.count) {
		list = append(list, transport.Subscription{Topic: topic, Count: n})
	}
	slices.SortFunc(list, func(a, b transport.Subscription) int { return cmp.Compare(a.Topic, b.Topic) })
	return list
}
