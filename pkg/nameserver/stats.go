package nameserver

import (
	"slices"
	"sync/atomic"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Stats are counters since the nameserver was made.
type Stats struct {
	// Publishers are listed now; PublishersBy their backend.
	Publishers   int
	PublishersBy map[transport.Backend]int
	// Lookups were answered; of these RefusedLookups, by reason, with an empty reply.
	Lookups        uint64
	RefusedLookups map[string]uint64
	// LookupsBy are those that came over a secure port, by the name of the client's key.
	LookupsBy map[string]uint64
	// Announcements came in, by any way. Of these Ignored were other messages, and Refused, by reason, not good enough.
	Announcements uint64
	Ignored       uint64
	Refused       map[string]uint64
	// AnnouncementsBy are those that came over a secure port, by the name of the client's key.
	AnnouncementsBy map[string]uint64
	// Added publishers were new, Changed ones had other data than before, Returned ones came back in time after a withdrawal.
	Added, Changed, Returned uint64
	// Withdrawn publishers said that they stop; Dead ones were found so by a probe; Removed ones left the table, for one of these or for their
	// age.
	Withdrawn, Dead, Removed uint64
	// Probes are connections to publishers to see whether they are there.
	Probes ProbeStats
	// Restored publishers were known from before the start. Of these Confirmed have been heard of since, and Unconfirmed are listed and have not.
	Restored, Confirmed uint64
	Unconfirmed         int
	// Deafened is how often it was the nameserver that could not hear. Deaf is 1 for each way of announcing by which it cannot now, else 0: "multicast",
	// "local_multicast" (from this host) and "direct". Nobody who announces so grows old meanwhile.
	Deafened uint64
	Deaf     map[string]int
	// StateSaves and StateFailures count how often the state was written, and could not be.
	StateSaves, StateFailures uint64
	// LogLinesLeftOut were too many for the log, by what they would have said.
	LogLinesLeftOut map[string]uint64
	// Unpublished changes could not be put into a message of the change feed.
	Unpublished uint64
	// FollowersBy are the subscribers of the change feed that are connected now, by the backend of its port.
	FollowersBy map[transport.Backend]int
	// Changes were published on the change feed: additions and removals. Repeated additions were told again, to those who had just come. Loss is what its
	// subscribers did not get.
	Changes, Repeated uint64
	Loss              transport.LossStats
	// Undelivered replies their clients did not take; of these Overflow were over Config.MaxBytesInFlight, or the share of their address. Malformed requests were
	// none, by the rules of ZeroMQ.
	Undelivered, Overflow, Malformed uint64
	// InFlight are the bytes of replies that wait for their clients now.
	InFlight int
	// Limits are those that peers of all sockets of the transport have met; zero where it has none.
	Limits transport.LimitStats
	// Access counts who connected to the ports, and was refused there.
	Access transport.AccessStats
}

// counters are the plain ones of Stats.
type counters struct {
	lookups, announcements, ignored atomic.Uint64
	added, changed, returned        atomic.Uint64
	withdrawn, dead, removed        atomic.Uint64
	unpublished, changes, repeated  atomic.Uint64
	restored, confirmed, deafened   atomic.Uint64
}

// Stats returns counters. They are read one by one, so a sum may be off by what happens meanwhile.
func (n *Nameserver) Stats() Stats {
	c := &n.counters
	bound := n.sockets.Load()
	replies := bound.replies()
	plain, secure := n.registry.Count()
	return Stats{
		Publishers:      plain + secure,
		PublishersBy:    map[transport.Backend]int{transport.Plain: plain, transport.Secure: secure},
		Lookups:         c.lookups.Load(),
		LookupsBy:       n.askers.byClient(),
		RefusedLookups:  n.refusedLookups.byReason(),
		Announcements:   c.announcements.Load(),
		Ignored:         c.ignored.Load(),
		Refused:         n.refused.byReason(),
		AnnouncementsBy: n.announcers.byClient(),
		Added:           c.added.Load(),
		Changed:         c.changed.Load(),
		Returned:        c.returned.Load(),
		Withdrawn:       c.withdrawn.Load(),
		Dead:            c.dead.Load(),
		Removed:         c.removed.Load(),
		Probes:          n.probes.stats(),
		Restored:        c.restored.Load(),
		Confirmed:       c.confirmed.Load(),
		Unconfirmed:     n.registry.Unconfirmed(),
		Deafened:        c.deafened.Load(),
		Deaf:            n.deafWays(),
		StateSaves:      n.saver.saves.Load(),
		StateFailures:   n.saver.failures.Load(),
		LogLinesLeftOut: n.lines.byKind(),
		Unpublished:     c.unpublished.Load(),
		FollowersBy:     bound.followers(),
		Changes:         c.changes.Load(),
		Repeated:        c.repeated.Load(),
		Loss:            bound.loss(),
		Undelivered:     replies.Dropped,
		Overflow:        replies.Overflow,
		Malformed:       replies.Malformed,
		InFlight:        int(replies.InFlight),
		Limits:          n.limits(),
		Access:          bound.access(),
	}
}

// followers are the subscribers of the change feed by the backend of its port.
func (s *sockets) followers() map[transport.Backend]int {
	connected := make(map[transport.Backend]int)
	for _, p := range s.feed {
		connected[backendOf(p.secure)] += len(p.Clients())
	}
	return connected
}

// loss is what subscribers of the change feed did not get.
func (s *sockets) loss() (total transport.LossStats) {
	for _, p := range s.feed {
		total = total.Add(p.Stats().Loss)
	}
	return total
}

// replies are what became of the replies of all ports, and the requests that were none.
func (s *sockets) replies() (sum transport.ReplierStats) {
	for _, r := range slices.Concat(s.lookups, s.designated) {
		stats := r.Stats()
		sum.Dropped += stats.Dropped
		sum.Overflow += stats.Overflow
		sum.Malformed += stats.Malformed
		sum.InFlight += stats.InFlight
	}
	return sum
}

// limits are those of the transport.
func (n *Nameserver) limits() transport.LimitStats {
	if l, ok := n.opts.Transport.(transport.Limiter); ok {
		return l.LimitStats()
	}
	return transport.LimitStats{}
}

// backendOf is the backend of a socket, or of a publisher.
func backendOf(secure bool) transport.Backend {
	if secure {
		return transport.Secure
	}
	return transport.Plain
}
