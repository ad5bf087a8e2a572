package relay

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// RouteStats are the counters of a route since the relay was made; they go on over reloads.
type RouteStats struct {
	// Name of the route.
	Name string
	// Paused tells whether it is.
	Paused bool
	// Received frames came from the source. Of these Kept were let through, Duplicates had been seen within the window, and Dropped, by reason, were not for
	// the sink, or not good enough.
	Received, Kept, Duplicates uint64
	Dropped                    map[string]uint64
	// Changed messages are those of the kept ones that did not go out as they came in.
	Changed uint64
	// Sent messages were handed to the sink, with so many Bytes. Whether a subscriber took them it does not tell.
	Sent, Bytes uint64
	// DelayP50 and DelayP99 are the ages that half of the messages and 99 of 100 had at most when they were sent, by the time in
	// their header, of the last one to two minutes.
	DelayP50, DelayP99 time.Duration
	// Publishers are connected now; PublishersWanted are to be: those that were found, and the addresses.
	Publishers, PublishersWanted int
	// Missing are the addresses of those that are wanted and not connected, sorted; the first hundred, if there are more.
	Missing []string
	// Subscribers are connected now.
	Subscribers int
	// Silent is how often a publisher of the source was connected to anew since it was not heard for too long; it counts since the source was opened.
	Silent uint64
	// Loss is what subscribers of the sink did not get, whichever route it was that fed it; zero where the sink can't tell. It counts since the sink was bound.
	Loss transport.LossStats
	// Late is what the sink keeps for subscribers that have just come, and how many it was given to since the sink was bound.
	Late LateStats
	// Names of publishers are those that the sink is announced under besides its own, with announce_services; NamesLeftOut have no room in announcements. Ports
	// is the number of ports that all this takes.
	Names, NamesLeftOut, Ports int
	// ForgottenEarly are the messages that the memory of loops forgot before the loop window was over, since they were more than loop_entries; those of all
	// routes of a loop group together.
	ForgottenEarly uint64
	// Last is when the last message was sent; zero: none was.
	Last time.Time
}

// Stats are the counters of a [Relay].
type Stats struct {
	// Routes in the order of the settings.
	Routes []RouteStats
	// Publishers and Subscribers are connected now, those of several routes once; PublishersWanted are to be.
	Publishers, PublishersWanted, Subscribers int
	// Silent is how often publishers of all sources were connected to anew since they were not heard for too long, each source once.
	Silent uint64
	// Loss is what subscribers of all sinks did not get, each sink once.
	Loss transport.LossStats
	// Limits are those that peers of all sinks have met; zero where the transport has none.
	Limits transport.LimitStats
}

// counters are those of a route. One goroutine counts.
type counters struct {
	received, kept, duplicates atomic.Uint64
	changed, sent, bytes       atomic.Uint64
	last                       atomic.Int64 // Unix nanoseconds
	delays                     delays

	mu      sync.Mutex
	dropped map[string]uint64
}

// drop counts a message that does not go out, and returns how many there were of that reason.
func (c *counters) drop(reason string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped == nil {
		c.dropped = make(map[string]uint64)
	}
	c.dropped[reason]++
	return c.dropped[reason]
}

// leave counts messages that were sent.
func (c *counters) leave(notes []outNote, now time.Time) {
	bytes := 0
	for _, m := range notes {
		bytes += m.size
	}
	c.sent.Add(uint64(len(notes)))
	c.bytes.Add(uint64(bytes))
	c.last.Store(now.UnixNano())
	c.delays.add(notes, now)
}

// stats returns what was counted.
func (c *counters) stats(now time.Time) RouteStats {
	quantiles := c.delays.quantiles(now, 0.5, 0.99)
	s := RouteStats{
		Received:   c.received.Load(),
		Kept:       c.kept.Load(),
		Duplicates: c.duplicates.Load(),
		Changed:    c.changed.Load(),
		Sent:       c.sent.Load(),
		Bytes:      c.bytes.Load(),
		DelayP50:   quantiles[0],
		DelayP99:   quantiles[1],
	}
	if last := c.last.Load(); last != 0 {
		s.Last = time.Unix(0, last)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Dropped = maps.Clone(c.dropped)
	return s
}
