package relay

import "time"

// viaSettle is how long everything must have come through another relay before a sink says so. While its publishers are found one after the other, the
// first one may be a relay, and all seems to come from there; who believed that would leave this sink, and miss what is sent until it is back.
const viaSettle = 10 * time.Second

// settling knows since when everything has come through other relays' sinks.
type settling struct {
	since map[string]time.Time
}

// settled returns which of via have been there for long enough, in their order, and when the next one will have been; zero: there is none.
func (s *settling) settled(via []string, now time.Time) (long []string, again time.Time) {
	since := make(map[string]time.Time, len(via))
	for _, id := range via {
		begun, ok := s.since[id]
		if !ok {
			begun = now
		}
		since[id] = begun
		if now.Sub(begun) >= viaSettle {
			long = append(long, id)
		} else {
			again = earlier(again, begun.Add(viaSettle))
		}
	}
	s.since = since
	return long, again
}

// earlier returns the earlier one of two times; zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
