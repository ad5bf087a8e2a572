package discovery

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Limits of what a Follower remembers.
const (
	// hold is how long a nameserver that does not answer is believed to list what it listed last, and how long a
	// publisher must be missing from all lists before it counts as gone without having been called so: the time after
	// which nameservers drop a silent publisher (doc/protocol.md, section 4).
	hold = 10 * time.Minute
	// maxPublishers bounds the table against a nameserver that makes them up.
	maxPublishers = 1 << 16
)

// table is what a Follower knows of the publishers of its services, and from
// whom. It is pure: what was heard and the time go in, changes come out.
//
// A publisher is added by the first that names it, and removed
//
//   - when a feed has said that it is gone, and all nameservers, asked after that, have answered without it. One that
//     does not answer counts as still listing what it listed less than [hold] ago; one answer at least is needed.
//   - when every nameserver that ever listed it (all of them, if only a feed told of it) answers without it for
//     [hold], so that a removal which was not heard does not leave it for ever.
//
// So neither a nameserver that restarts with an empty table, nor one that is cut off from the publishers and
// drops them all, nor one that is down takes away what another one lists, and the first not even what none lists, before the
// publishers have had all the time to announce themselves again.
type table struct {
	known map[string]*listing // by URI
	asked []standing          // by nameserver
	full  bool                // there were more than fit in
	epoch uint64              // counts doubts; answers to questions asked in an epoch know all that was in doubt then
}

// standing is how far a nameserver has been asked.
type standing struct {
	done uint64 // epoch of the last question that was answered or failed; 0: none
	ok   uint64 // of the last that was answered
}

// listing is a publisher that is known.
type listing struct {
	entry      Entry
	votes      map[int]vote // by nameserver: those that listed it when they answered last
	without    map[int]bool // nameservers that answered without it last
	everListed bool
	doubt      uint64    // epoch of the doubt whether it is still there; 0: none
	absent     time.Time // since when it is missing from the lists; zero: it is not
}

// vote is a nameserver's last word for a publisher.
type vote struct {
	at   time.Time
	said string
}

// round is what one nameserver answered when asked for the services.
type round struct {
	from    int
	epoch   uint64          // when it was asked
	entries []Entry         // by URI once
	found   map[string]bool // services that have a publisher
	whole   bool            // the answers are complete: what is missing in them is not listed
	err     error
}

func newTable(nameservers int) *table {
	return &table{known: make(map[string]*listing), asked: make([]standing, nameservers), epoch: 1}
}

// answered takes in the answers of a nameserver.
func (t *table) answered(r round, now time.Time) []Change {
	s := &t.asked[r.from]
	s.done = r.epoch
	if r.err == nil {
		s.ok = r.epoch
	}
	var changes []Change
	listed := make(map[string]bool, len(r.entries))
	for _, e := range r.entries {
		listed[e.URI] = true
		changes = append(changes, t.vote(r, e, now)...)
	}
	if r.whole {
		t.missing(r.from, listed, now)
	}
	return append(changes, t.sweep(now)...)
}

// vote takes in that a nameserver lists e.
func (t *table) vote(r round, e Entry, now time.Time) []Change {
	l, ok := t.known[e.URI]
	if !ok {
		if l = t.add(e); l == nil {
			return nil
		}
	}
	before, voted := l.votes[r.from]
	v := vote{at: now, said: essence(e)}
	delete(l.without, r.from)
	l.votes[r.from], l.everListed, l.absent = v, true, time.Time{}
	if r.epoch >= l.doubt {
		l.doubt = 0
	}
	switch {
	case !ok:
		return []Change{{Added: true, Entry: e}}
	case voted && before.said != v.said:
		return l.replace(e)
	default:
		// Another word than a feed's or another nameserver's is no news: it may be the older one.
		return nil
	}
}

// missing takes in that a nameserver lists nothing but listed.
func (t *table) missing(from int, listed map[string]bool, now time.Time) {
	for uri, l := range t.known {
		if listed[uri] {
			continue
		}
		delete(l.votes, from)
		l.without[from] = true
		if l.absent.IsZero() && len(l.votes) == 0 && (l.everListed || len(l.without) == len(t.asked)) {
			l.absent = now
		}
	}
}

// told takes in that a feed tells of e; wanted: it offers one of the services. It reports whether nameservers must be asked before
// it is clear what has changed.
func (t *table) told(e Entry, wanted bool) (changes []Change, ask bool) {
	l, ok := t.known[e.URI]
	switch {
	case !ok && wanted:
		if t.add(e) == nil {
			return nil, false
		}
		return []Change{{Added: true, Entry: e}}, false
	case !ok:
		return nil, false
	case !wanted:
		return t.doubt(e.URI)
	}
	clear(l.without)
	l.doubt, l.absent = 0, time.Time{}
	return l.replace(e), false
}

// doubt takes in that a feed calls a publisher gone.
func (t *table) doubt(uri string) (changes []Change, ask bool) {
	l, ok := t.known[uri]
	if !ok {
		return nil, false
	}
	t.epoch++
	l.doubt = t.epoch
	if len(t.asked) == 0 {
		return t.sweep(time.Time{}), false
	}
	return nil, true
}

// sweep removes what is gone.
func (t *table) sweep(now time.Time) []Change {
	var changes []Change
	for _, uri := range slices.Sorted(maps.Keys(t.known)) {
		if l := t.known[uri]; t.gone(l, now) {
			delete(t.known, uri)
			changes = append(changes, Change{Entry: l.entry})
		}
	}
	return changes
}

func (t *table) gone(l *listing, now time.Time) bool {
	if l.doubt == 0 {
		return !l.absent.IsZero() && now.Sub(l.absent) >= hold
	}
	confirmed := len(t.asked) == 0
	for i, s := range t.asked {
		if s.done < l.doubt {
			return false
		}
		if s.ok >= l.doubt {
			confirmed = true
		} else if v, ok := l.votes[i]; ok && now.Sub(v.at) < hold {
			return false
		}
	}
	return confirmed
}

// add puts e into the table, without a vote; nil when the table is full.
func (t *table) add(e Entry) *listing {
	if len(t.known) >= maxPublishers {
		t.full = true
		return nil
	}
	l := &listing{entry: e, votes: make(map[int]vote), without: make(map[int]bool)}
	t.known[e.URI] = l
	return l
}

// replace takes over a newer word on the same publisher. Another way to connect means that the old one is over.
func (l *listing) replace(e Entry) []Change {
	old := l.entry
	l.entry = e
	switch {
	case old.Backend != e.Backend:
		return []Change{{Entry: old}, {Added: true, Entry: e}}
	case essence(old) != essence(e):
		return []Change{{Added: true, Entry: e}}
	}
	return nil
}

// essence is what subscribers act upon in an entry.
func essence(e Entry) string {
	said := append([]string{string(e.Backend), string(e.SupportedVersion)}, e.claims()...)
	return strings.Join(append(said, e.Services...), "\x00")
}
