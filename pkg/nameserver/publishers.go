package nameserver

import (
	"iter"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Publisher is a publisher as the nameserver knows it.
type Publisher struct {
	// URI is where it is.
	URI string
	// Services are its name and its aliases. They must not be changed.
	Services []string
	// Backend is how it speaks.
	Backend transport.Backend
	// State says whether it is there, as far as that is known.
	State State
	// Announced is when it was heard of last; of one that has withdrawn or is dead when that was.
	Announced time.Time
	// Interval is the time that passes between its announcements, the longest one of late; 0: there was only one.
	Interval time.Duration
	// Source is who announced it.
	Source registry.Source
}

// State is how it stands with a publisher.
type State string

// The states. Lookups find those of the first three.
const (
	Live        State = "live"
	Silent      State = "silent"      // has not announced itself for three times its interval, and ten seconds at least
	Unconfirmed State = "unconfirmed" // known from before the start of the nameserver, and not heard of since
	Withdrawn   State = "withdrawn"   // has said that it stops
	Dead        State = "dead"        // nobody is there any more
)

// States are all of them.
func States() []State { return []State{Live, Silent, Unconfirmed, Withdrawn, Dead} }

// When a publisher is silent.
const (
	silentFactor   = 3
	silentLeast    = 10 * time.Second
	silentAfterOne = 30 * time.Second // where its interval is not known
)

// Publishers goes through the publishers in the order in which they came, also those that have withdrawn or are dead and have yet to be removed. It does not hold up
// others: what changes meanwhile may be among them or not.
func (n *Nameserver) Publishers() iter.Seq[Publisher] {
	return func(yield func(Publisher) bool) {
		now := time.Now()
		for l := range n.registry.All() {
			if !yield(newPublisher(l, now)) {
				return
			}
		}
	}
}

func newPublisher(l registry.Listing, now time.Time) Publisher {
	return Publisher{
		URI: l.URI, Services: l.Services.Names, Backend: backendOf(l.Secure), State: stateOf(l, now),
		Announced: l.Since, Interval: l.Gap, Source: l.Source,
	}
}

func stateOf(l registry.Listing, now time.Time) State {
	limit := max(silentFactor*l.Gap, silentLeast)
	if l.Gap == 0 {
		limit = silentAfterOne
	}
	switch {
	case l.Dead:
		return Dead
	case l.Withdrawn:
		return Withdrawn
	case l.Unconfirmed:
		return Unconfirmed
	case now.Sub(l.Since) > limit:
		return Silent
	}
	return Live
}
