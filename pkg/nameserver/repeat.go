package nameserver

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// What is repeated on the change feed.
const (
	// repeatAge is how old additions are at most that are repeated for one who comes: longer than it takes to come back to a nameserver that was started again, and
	// than the time between a subscriber's lookup and its connection to the feed.
	repeatAge = 30 * time.Second
	// mostRepeated and repeatedBytes bound how many of them there are.
	mostRepeated  = 1000
	repeatedBytes = 1 << 20
)

// feedTopic is how the messages of the change feed begin that tell of publishers.
const feedTopic = message.Magic + "/address"

// repeats are the additions that the change feed has told of late. Python subscribers look up once, when they start, and from then on know of publishers by the feed alone:
// what was told before they were connected to it, at their start or after ours, they would never hear of. So the additions of the last seconds are told again
// whenever somebody comes. To those who know them that is nothing new. Used by the keeper alone.
type repeats struct {
	told  []told // oldest first
	bytes int
	feeds map[transport.Publisher]*repetition // that somebody has come to
}

// told is an addition that was published.
type told struct {
	uri    string
	frame  []byte
	secure bool
	at     time.Time
}

// repetition is what is to be repeated on a feed.
type repetition struct {
	until time.Time // what was told later reached whoever has come
	due   time.Time
	again time.Time // not before
}

// comer is that somebody has come to a feed.
type comer struct {
	feed publisher
	at   time.Time
}

// note notes what was published.
func (r *repeats) note(t told) {
	r.told = append(r.told, t)
	r.bytes += len(t.frame)
	old := 0
	for len(r.told)-old > mostRepeated || r.bytes > repeatedBytes {
		r.bytes -= len(r.told[old].frame)
		old++
	}
	r.told = slices.Delete(r.told, 0, old)
}

// forget drops what is too old.
func (r *repeats) forget(now time.Time) {
	old := 0
	for old < len(r.told) && now.Sub(r.told[old].at) > repeatAge {
		r.bytes -= len(r.told[old].frame)
		old++
	}
	r.told = slices.Delete(r.told, 0, old)
}

// came notes who has come, which is seen to a little later: others may come with it.
func (r *repeats) came(c comer) {
	w := r.feeds[c.feed.Publisher]
	if w == nil {
		w = new(repetition)
		if r.feeds == nil {
			r.feeds = make(map[transport.Publisher]*repetition)
		}
		r.feeds[c.feed.Publisher] = w
	}
	w.until = c.at
	if w.due.IsZero() {
		w.due = later(c.at.Add(gather), w.again)
	}
}

// next is when the next repetition is due; zero: nobody has come.
func (r *repeats) next() (next time.Time) {
	for _, w := range r.feeds {
		if !w.due.IsZero() && (next.IsZero() || w.due.Before(next)) {
			next = w.due
		}
	}
	return next
}

// take returns what is to be repeated on a feed now, oldest first: of each publisher what was told last.
func (r *repeats) take(feed publisher, now time.Time) (list []told) {
	w := r.feeds[feed.Publisher]
	if w == nil || w.due.IsZero() || w.due.After(now) {
		return nil
	}
	w.due = time.Time{}
	r.forget(now)
	seen := make(map[string]bool)
	for _, t := range slices.Backward(r.told) {
		if !seen[t.uri] && t.at.Before(w.until) {
			list = append(list, t)
		}
		seen[t.uri] = true
	}
	slices.Reverse(list)
	return list
}

// rest lets a feed alone for a multiple of the time that repeating took.
func (r *repeats) rest(feed publisher, took time.Duration, now time.Time) {
	r.feeds[feed.Publisher].again = now.Add(pauseAfter(took))
}

// repeat tells those who have come to a feed what they may have missed.
func (k *keeper) repeat(ctx context.Context, now time.Time) error {
	for _, feed := range k.n.sockets.Load().feed {
		list := k.n.repeats.take(feed, now)
		if len(list) == 0 {
			continue
		}
		began := time.Now()
		for _, t := range list {
			// One that has gone meanwhile is not told of again.
			if _, listed := k.n.registry.State(t.uri); !listed || !k.n.mayHear(t.secure)(feed) {
				continue
			}
			if err := feed.Send(ctx, t.frame); err != nil {
				return err
			}
			k.n.counters.repeated.Add(1)
		}
		k.n.repeats.rest(feed, time.Since(began), now)
	}
	return nil
}

// watchComers tells the keeper when somebody comes to a feed, until ctx ends.
func (n *Nameserver) watchComers(ctx context.Context, feed publisher) error {
	var known []transport.Subscription
	for {
		now, err := feed.NextSubscriptions(ctx, known)
		if err != nil {
			return part(ctx, "watch the change feed on "+feed.Endpoint().String(), err)
		}
		if more(known, now) {
			select {
			case n.comers <- comer{feed, time.Now()}:
			case <-ctx.Done():
				return nil
			}
		}
		known = now
	}
}

// more tells whether there are more subscriptions that get additions than before, to any topic.
func more(before, now []transport.Subscription) bool {
	counts := make(map[string]int)
	for _, s := range before {
		counts[s.Topic] = s.Count
	}
	return slices.ContainsFunc(now, func(s transport.Subscription) bool {
		return s.Count > counts[s.Topic] && (strings.HasPrefix(feedTopic, s.Topic) || strings.HasPrefix(s.Topic, feedTopic))
	})
}
