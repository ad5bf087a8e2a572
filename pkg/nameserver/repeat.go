package nameserver

import (
	"context"
	"slices"
	"time"

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
	// mostRest bounds the pause after a repetition, which goes to all who follow a feed. The first is as long as that between two writings of the state, each further
	// one is twice as long: one who comes again and again must not keep a feed repeating itself. When nobody has come for repeatQuiet after a pause, all begins anew.
	mostRest    = 16 * time.Second
	repeatQuiet = 30 * time.Second
)

// repeats are the additions that the change feed has told of late. Python subscribers look up once, when they start, and from then on know of publishers by the feed alone:
// what was told before they were connected to it, at their start or after ours, they would never hear of. So the additions of the last seconds before somebody
// came are told again. To those who know them that is nothing new: a feed can't tell one alone (transport.Welcome). Used by the keeper alone.
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
	first time.Time // when the first came of those who wait for one
	last  time.Time // and the last: what was told later reached them all
	due   time.Time // zero: nobody waits

	rest  time.Duration // after the one before
	again time.Time     // not before
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

// forget drops what is too old, also for those who have waited longest.
func (r *repeats) forget(now time.Time) {
	old := 0
	for old < len(r.told) && now.Sub(r.told[old].at) > repeatAge+mostRest {
		r.bytes -= len(r.told[old].frame)
		old++
	}
	r.told = slices.Delete(r.told, 0, old)
}

// came notes who has come to a feed of late, which is seen to a little later: others may come with them.
func (r *repeats) came(feed publisher) {
	first, last := feed.comers.take()
	if last.IsZero() {
		return
	}
	w := r.feeds[feed.Publisher]
	if w == nil {
		w = new(repetition)
		if r.feeds == nil {
			r.feeds = make(map[transport.Publisher]*repetition)
		}
		r.feeds[feed.Publisher] = w
	}
	if w.due.IsZero() {
		w.first, w.due = first, later(first.Add(gather), w.again)
	}
	w.last = last
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
		if !seen[t.uri] && t.at.Before(w.last) && w.first.Sub(t.at) <= repeatAge {
			list = append(list, t)
		}
		seen[t.uri] = true
	}
	slices.Reverse(list)
	return list
}

// rest lets a feed alone for a while, which is longer the more often it has been repeated of late, and the longer that took.
func (r *repeats) rest(feed publisher, took time.Duration, now time.Time) {
	w := r.feeds[feed.Publisher]
	if now.Sub(w.again) >= repeatQuiet {
		w.rest = 0
	}
	w.rest = min(max(2*w.rest, pauseAfter(took)), mostRest)
	w.again = now.Add(w.rest)
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
