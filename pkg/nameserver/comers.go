package nameserver

import (
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// feedTopic is how the messages of the change feed begin that tell of publishers.
const feedTopic = message.Magic + "/address"

// comers notes who comes to a feed: each one that subscribes, since numbers of subscriptions don't tell of one who comes as another leaves.
type comers struct {
	wake chan struct{} // 1 deep, of all feeds: that somebody has come

	mu          sync.Mutex
	first, last time.Time // when those came that nobody has asked for yet; zero: there are none
}

// subscribed notes one who has subscribed to topic. It never blocks.
func (c *comers) subscribed(topic string) {
	if !strings.HasPrefix(feedTopic, topic) && !strings.HasPrefix(topic, feedTopic) {
		return // who wants the heartbeats alone
	}
	c.mu.Lock()
	c.last = time.Now()
	if c.first.IsZero() {
		c.first = c.last
	}
	c.mu.Unlock()
	signal(c.wake)
}

// take returns when the first and the last have come since it was called last; zero: nobody has.
func (c *comers) take() (first, last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first, last = c.first, c.last
	c.first, c.last = time.Time{}, time.Time{}
	return first, last
}
