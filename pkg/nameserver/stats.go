package nameserver

import (
	"sync/atomic"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Stats are counters since the nameserver was made.
type Stats struct {
	// Publishers are listed now.
	Publishers int
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
	// Withdrawn publishers said that they stop; Removed ones left the table, for that or for their age.
	Withdrawn, Removed uint64
	// Unpublished changes could not be put into a message of the change feed.
	Unpublished uint64
	// Access counts who connected to the ports, and was refused there.
	Access transport.AccessStats
}

// counters are the plain ones of Stats.
type counters struct {
	lookups, announcements, ignored atomic.Uint64
	added, changed, returned        atomic.Uint64
	withdrawn, removed              atomic.Uint64
	unpublished                     atomic.Uint64
}

// Stats returns counters. They are read one by one, so a sum may be off by what happens meanwhile.
func (n *Nameserver) Stats() Stats {
	c := &n.counters
	return Stats{
		Publishers:      n.registry.Len(),
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
		Removed:         c.removed.Load(),
		Unpublished:     c.unpublished.Load(),
		Access:          n.sockets.Load().access(),
	}
}
