package zmq

import (
	"cmp"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// maxTopics bounds the topics that are counted; further ones are served by libzmq and not listed.
const maxTopics = 100_000

// While a list of the topics is made for who waits for changes nobody sends, and one subscriber that has very many topics could change one of them all the time. So a
// rest follows: listRest times what the list took, and longestRest at most, since on a busy host it may have taken long only because it waited for a processor.
const (
	listRest    = 20
	longestRest = time.Second
)

// mostLoad is what all subscribers of a publisher may ask for together, before those are cut that ask for most: somewhat less than what is counted.
var mostLoad = load{topics: maxTopics - maxTopics/10, bytes: 16 * maxTopicBytes, subscriptions: 10 * maxTopics}

// load is what topics cost: different ones, and their bytes, which libzmq keeps in a tree; and subscriptions to them, which it keeps for each connection.
type load struct{ topics, bytes, subscriptions int }

func (l load) less(o load) load {
	return load{l.topics - o.topics, l.bytes - o.bytes, l.subscriptions - o.subscriptions}
}

func (l load) more(o load) load {
	return load{l.topics + o.topics, l.bytes + o.bytes, l.subscriptions + o.subscriptions}
}

// least is the smaller one of each.
func (l load) least(o load) load {
	return load{min(l.topics, o.topics), min(l.bytes, o.bytes), min(l.subscriptions, o.subscriptions)}
}

// some tells whether anything is left.
func (l load) some() bool { return l.topics > 0 || l.bytes > 0 || l.subscriptions > 0 }

// topics counts the subscriptions to a publisher.
type topics struct {
	count   map[string]int
	most    int // topics that count had, since it was made
	sizes   topicSizes
	load    load
	dirty   bool
	changed chan struct{} // closed and replaced when count has changed
	due     time.Time     // when they may be listed again for who waits for changes
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
		t.load.subscriptions++
		if !known {
			t.load.topics, t.load.bytes = t.load.topics+1, t.load.bytes+len(topic)+1
			t.sizes.add(len(topic), 1)
			t.most = max(t.most, len(t.count))
		}
	case !subscribed && known:
		t.load.subscriptions--
		if n > 1 {
			t.count[string(topic)] = n - 1
			break
		}
		t.load.topics, t.load.bytes = t.load.topics-1, t.load.bytes-len(topic)-1
		t.sizes.add(len(topic), -1)
		delete(t.count, string(topic))
		t.count, t.most = lean(t.count, t.most)
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

// tooMuch tells whether there are more topics than a publisher has room for.
func (t *topics) tooMuch() bool { return t.load.less(mostLoad).some() }

// covers tells whether a frame begins with one of the topics.
func (t *topics) covers(frame []byte) bool {
	return t.sizes.match(frame, func(head []byte) bool {
		_, ok := t.count[string(head)]
		return ok
	})
}

// list returns the subscriptions in no order.
func (t *topics) list() []transport.Subscription {
	list := make([]transport.Subscription, 0, len(t.count))
	for topic, n := range t.count {
		list = append(list, transport.Subscription{Topic: topic, Count: n})
	}
	return list
}

// rest puts the next list off after one that took a time from begin on.
func (t *topics) rest(begin time.Time, took time.Duration) {
	t.due = begin.Add(min(listRest*took, longestRest))
}

// sortTopics sorts a list by topic, which takes long enough for many to be done without the socket's mu.
func sortTopics(list []transport.Subscription) {
	slices.SortFunc(list, func(a, b transport.Subscription) int { return cmp.Compare(a.Topic, b.Topic) })
}
