package transport

import "time"

// Slowness says whether a subscriber keeps up with a publisher, as far as the publisher can tell. The zero value is that of one that always has.
type Slowness struct {
	// Since is when the episode began that it is in now: its queue was full, and it loses what comes while it is. Zero: it keeps up.
	Since time.Time
	// Episodes is their number since it connected.
	Episodes uint64
	// LostEstimate is how many messages it has lost in them. package zmq can only estimate that, by what the kernel has taken over for its connection; 0 where
	// even that can't be done, as over ipc. package inmem knows.
	LostEstimate uint64
}

// Now tells whether the subscriber is in an episode.
func (s Slowness) Now() bool { return !s.Since.IsZero() }

// LossStats count what subscribers of a publisher did not get.
type LossStats struct {
	// Unheard messages were sent while nobody had subscribed to anything.
	Unheard uint64
	// Overflows is how often a message met the full queue of a subscriber, or of several, that had had room before. Each stands for at least one message that was
	// lost, and for all that followed it until the queue had room again.
	Overflows uint64
	// Episodes is how often a subscriber fell behind by more than its queue; those are counted that have gone too.
	Episodes uint64
	// LostEstimate is the sum of what all of them have lost, see [Slowness].
	LostEstimate uint64
	// Slow is the number of subscribers that are in an episode now.
	Slow int
}

// Add returns the counters of two publishers together.
func (s LossStats) Add(other LossStats) LossStats {
	return LossStats{
		Unheard:      s.Unheard + other.Unheard,
		Overflows:    s.Overflows + other.Overflows,
		Episodes:     s.Episodes + other.Episodes,
		LostEstimate: s.LostEstimate + other.LostEstimate,
		Slow:         s.Slow + other.Slow,
	}
}
