package relay

import (
	"fmt"
	"time"
)

// totals are what rates are made of.
type totals struct {
	at             time.Time
	received, sent uint64
}

// status is one readable line, with the rates since last.
func (r *Relay) status(last *totals) string {
	stats := r.Stats()
	now := totals{at: time.Now()}
	for _, route := range stats.Routes {
		now.received += route.Received
		now.sent += route.Sent
	}
	line := stats.String()
	if !last.at.IsZero() {
		passed := now.at.Sub(last.at).Seconds()
		rate := func(now, before uint64) float64 { return float64(now-min(before, now)) / passed }
		line += fmt.Sprintf(", %.1f messages in and %.1f out a second", rate(now.received, last.received), rate(now.sent, last.sent))
	}
	*last = now
	return line
}

// String is one readable line.
func (s Stats) String() string {
	var paused int
	for _, route := range s.Routes {
		if route.Paused {
			paused++
		}
	}
	line := plural(len(s.Routes), "route")
	if paused > 0 {
		line += fmt.Sprintf(" (%d paused)", paused)
	}
	return line + ", " + plural(s.Publishers, "publisher") + ", " + plural(s.Subscribers, "subscriber")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
