package main

import "time"

// clock says when the messages of a recording are due. The zero value sends all without waiting.
type clock struct {
	factor float64       // by which time runs faster; 0: no waiting
	maxGap time.Duration // longest time between two messages, before factor; 0: any

	first  time.Time // when the first message came
	latest time.Duration

	// Of the message that was sent last: when it came, counted from the first one, and when it was sent or was to be.
	lastOffset time.Duration
	lastDue    time.Time
}

// offset is how long after the first message one came that came at a time. It never goes back, also when the clock did that the recording was made by.
func (c *clock) offset(at time.Time) time.Duration {
	if c.first.IsZero() {
		c.first = at
	}
	c.latest = max(c.latest, at.Sub(c.first))
	return c.latest
}

// wait is how long to wait from now on for the message at an offset. What was late once is caught up with.
func (c *clock) wait(offset time.Duration, now time.Time) time.Duration {
	return c.due(offset).Sub(now)
}

func (c *clock) due(offset time.Duration) time.Time {
	if c.factor == 0 || c.lastDue.IsZero() {
		return c.lastDue
	}
	gap := offset - c.lastOffset
	if c.maxGap > 0 {
		gap = min(gap, c.maxGap)
	}
	return c.lastDue.Add(time.Duration(float64(gap) / c.factor))
}

// sent notes that the message at an offset was sent.
func (c *clock) sent(offset time.Duration, now time.Time) {
	due := c.due(offset)
	if c.lastDue.IsZero() {
		due = now
	}
	c.lastOffset, c.lastDue = offset, due
}
