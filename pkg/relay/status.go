package relay

import (
	"fmt"
	"strconv"
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
		line += fmt.Sprintf(", %s messages in and %s out a second", readable(rate(now.received, last.received)), readable(rate(now.sent, last.sent)))
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
	return line + ", " + s.links() + ", " + plural(s.Subscribers, "subscriber")
}

// links tells of the publishers; that all are connected needs no second number.
func (s Stats) links() string {
	if s.Publishers == s.PublishersWanted {
		return plural(s.Publishers, "publisher") + " connected"
	}
	return fmt.Sprintf("%d of %s connected", s.Publishers, plural(s.PublishersWanted, "publisher"))
}

// readable writes a rate: small ones are told from none.
func readable(rate float64) string {
	if rate == 0 || rate >= 9.95 {
		return strconv.FormatFloat(rate, 'f', 0, 64)
	}
	return strconv.FormatFloat(max(rate, 0.1), 'f', 1, 64)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
