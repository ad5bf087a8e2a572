package nameserver

import "sync/atomic"

// ProbeStats counts probes.
type ProbeStats struct {
	Made                          uint64 // so far, those under way too
	Answered, Refused, Unanswered uint64 // what came of them
	Failed                        uint64 // could not be made, and tell nothing of the publisher
	Deferred                      uint64 // had to wait for others, each time that they had to
}

// probeCounters are the same while they count.
type probeCounters struct {
	made, answered, refused, unanswered, failed, deferred atomic.Uint64
}

// count counts what came of a probe.
func (c *probeCounters) count(o outcome) {
	switch o {
	case probeAnswered:
		c.answered.Add(1)
	case probeRefused:
		c.refused.Add(1)
	case probeUnanswered:
		c.unanswered.Add(1)
	case probeFailed:
		c.failed.Add(1)
	}
}

func (c *probeCounters) stats() ProbeStats {
	return ProbeStats{
		Made: c.made.Load(), Answered: c.answered.Load(), Refused: c.refused.Load(), Unanswered: c.unanswered.Load(),
		Failed: c.failed.Load(), Deferred: c.deferred.Load(),
	}
}
