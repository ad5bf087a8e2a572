package relay

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Watch is for those who look at a relay from outside: with it messages are counted by publisher and by subject, too, which takes 30 to 40 ns
// each (BenchmarkWatch).
type Watch struct {
	// Link is told what becomes of the publishers of sources. It must not block. Calls of different sources may come at the same time. Nil: nobody is told.
	Link func(LinkChange)
}

// LinkChange is what has become of a publisher of a source.
type LinkChange struct {
	Kind LinkKind
	// URI is where the publisher is, and Services are its name and aliases, where it was found by name.
	URI      string
	Services []string
	// Routes are those that the source feeds.
	Routes []string
	// Cause says why a connection was lost or could not be made, as far as that is known.
	Cause string
}

// LinkKind is the kind of a [LinkChange].
type LinkKind string

// The kinds of changes.
const (
	LinkUp           LinkKind = "link_up"           // connected
	LinkDown         LinkKind = "link_down"         // the connection is lost
	LinkFailed       LinkKind = "link_failed"       // no agreement on how to speak, for another reason than before
	PublisherFound   LinkKind = "publisher_found"   // by name, or it announces other data than before
	PublisherRemoved LinkKind = "publisher_removed" // is wanted no more
)

// LinkKinds are all of them.
func LinkKinds() []LinkKind {
	return []LinkKind{LinkUp, LinkDown, LinkFailed, PublisherFound, PublisherRemoved}
}

// LinkStats tell how it stands with a publisher of a source.
type LinkStats struct {
	// URI is where it is, and Backend how it speaks.
	URI     string
	Backend transport.Backend
	// Services are its name and aliases; none where it is given by address.
	Services []string
	// Routes are those that the source feeds.
	Routes []string
	// Connected tells whether it is; Since when that is so, which of one that never was is when it became known; and Cause why it is not, where that is known.
	Connected bool
	Since     time.Time
	Cause     string
	// Messages have come from it, of so many Bytes, the last one at Last; zero: none has, or nothing is counted.
	Messages, Bytes uint64
	Last            time.Time
}

// linker is a [Source] that knows how it stands with its publishers. It may be called concurrently with everything else.
type linker interface {
	// links returns the publishers that it is to be connected to, sorted by address, without Routes.
	links() []LinkStats
}

// Links returns the publishers of all sources, sorted by source and address. Without Options.Watch messages are not counted.
func (r *Relay) Links() []LinkStats {
	r.mu.Lock()
	inlets := maps.Clone(r.inlets)
	r.mu.Unlock()
	var all []LinkStats
	for _, key := range slices.Sorted(maps.Keys(inlets)) {
		source, ok := inlets[key].source.(linker)
		if !ok {
			continue
		}
		routes, links := r.fedBy(key), source.links()
		inlets[key].flows.add(links)
		for i := range links {
			links[i].Routes = routes
		}
		all = append(all, links...)
	}
	return all
}

// fedBy returns the names of the routes of a source.
func (r *Relay) fedBy(sourceKey string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, route := range r.routes {
		if route.sourceKey == sourceKey {
			names = append(names, route.Name)
		}
	}
	return names
}

// flows counts what comes from each publisher of a source. The zero value counts nothing.
type flows struct {
	counting bool // from the beginning

	mu   sync.Mutex
	from map[transport.Endpoint]*flow
}

type flow struct {
	messages, bytes uint64
	last            time.Time
}

// maxFlows bounds the publishers that are counted, those that have gone among them until somebody looks.
const maxFlows = 100_000

// note counts what came at now. Messages of one publisher often follow each other.
func (f *flows) note(batch []Received, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var at transport.Endpoint
	var one *flow
	for i := range batch {
		if from := batch[i].From; one == nil || from != at {
			at, one = from, f.of(from)
		}
		one.messages++
		one.bytes += uint64(len(batch[i].Frame))
		one.last = now
	}
}

func (f *flows) of(from transport.Endpoint) *flow {
	one := f.from[from]
	if one == nil {
		one = &flow{}
		if f.from == nil {
			f.from = make(map[transport.Endpoint]*flow)
		}
		if len(f.from) < maxFlows {
			f.from[from] = one
		}
	}
	return one
}

// add puts what was counted into links, and forgets publishers that are not among them.
func (f *flows) add(links []LinkStats) {
	f.mu.Lock()
	defer f.mu.Unlock()
	wanted := make(map[transport.Endpoint]bool, len(links))
	for i := range links {
		at, err := transport.ConnectEndpoint(links[i].URI)
		if err != nil {
			continue // nothing comes from there
		}
		wanted[at] = true
		if one := f.from[at]; one != nil {
			links[i].Messages, links[i].Bytes, links[i].Last = one.messages, one.bytes, one.last
		}
	}
	maps.DeleteFunc(f.from, func(at transport.Endpoint, _ *flow) bool { return !wanted[at] })
}
