package relay

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Origin is a publisher that a source takes messages from.
type Origin struct {
	// From is where its messages come from, as [Received] has it.
	From transport.Endpoint
	// Names are the services that it offers; of one that is given by address there are none.
	Names []Name
	// Relay is what the publisher is called, where it is a sink of a relay and says so.
	Relay string
	// Via are sinks of relays through which everything has come that a relay's sink sends.
	Via []string
}

// Name is a service that a publisher offers.
type Name struct {
	Text string
	// Hops is the number of relays between the publisher that is called so and this relay.
	Hops int
}

// Originator is a [Source] that knows its publishers. All may be called concurrently.
type Originator interface {
	// Origins returns the publishers that it is to be connected to.
	Origins() []Origin
	// Reconsider asks again which of those that it finds it may connect to.
	Reconsider()
}

// Carrier is a [Sink] that tells others whose messages it sends.
type Carrier interface {
	// Carry is told where the messages come from that are sent, and through which other relays' sinks all of them have come. It is called by one
	// goroutine.
	Carry(origins []Origin, via []string)
	// Carrying returns how many services of the origins it is announced under, how many there is no room for, and the number of ports.
	Carrying() (names, leftOut, ports int)
}

// originGrace is how long a publisher that has gone still counts: one that restarts does not take its names away.
const originGrace = time.Minute

// originTable are the publishers that count, those that have just gone among them.
type originTable struct {
	known map[transport.Endpoint]*knownOrigin
	next  uint64
}

type knownOrigin struct {
	Origin
	number uint64    // counts up, so that who was first stays first
	gone   time.Time // since when; zero: it is there
}

// update takes in which publishers there are, and returns all that count, in the order in which they came; and when the next one of those that have
// gone counts no longer, zero: there is none.
func (t *originTable) update(there []Origin, now time.Time) (counting []Origin, again time.Time) {
	if t.known == nil {
		t.known = make(map[transport.Endpoint]*knownOrigin)
	}
	present := make(map[transport.Endpoint]bool)
	for _, o := range there {
		present[o.From] = true
		if known := t.known[o.From]; known != nil {
			known.Origin, known.gone = o, time.Time{}
			continue
		}
		t.next++
		t.known[o.From] = &knownOrigin{Origin: o, number: t.next}
	}
	for from, known := range t.known {
		switch {
		case present[from]:
		case known.gone.IsZero():
			known.gone = now
		case now.Sub(known.gone) >= originGrace:
			delete(t.known, from)
			continue
		}
		if end := known.gone.Add(originGrace); !known.gone.IsZero() && (again.IsZero() || end.Before(again)) {
			again = end
		}
	}
	sorted := slices.SortedFunc(maps.Values(t.known), func(a, b *knownOrigin) int { return cmp.Compare(a.number, b.number) })
	for _, known := range sorted {
		counting = append(counting, known.Origin)
	}
	return counting, again
}
