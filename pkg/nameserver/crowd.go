package nameserver

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// How many requests wait when they come over together.
const (
	// manyWaiting is enough for the ones of a host to be declined when those of others wait as well.
	manyWaiting = 64
	// tooManyWaiting is so many that even a thousand clients that each wait for their answer are not as many. It is what a transport hands over at once at
	// most (see pkg/transport/zmq), so there are more behind them.
	tooManyWaiting = 1024
)

// chargedBytes of a reply count as one request.
const chargedBytes = 16 << 10

// crowd is a request beyond the quota of its host.
type crowd struct {
	transport.Request
	crowded bool // others have to wait for it
}

// divide separates requests that are within the quota of their host, which is that of host, from others, each in their order. Most have no others, and nothing is
// copied then.
func divide(q *quota, requests []transport.Request, host func(netip.Addr) netip.Addr, perSecond int, now time.Time) (within []transport.Request, beyond []crowd) {
	within = requests
	for i, req := range requests {
		over, shared := q.use(host(req.From), 1, perSecond, now)
		switch {
		case over:
			if beyond == nil {
				within = append(make([]transport.Request, 0, len(requests)), requests[:i]...)
			}
			crowded := len(requests) >= tooManyWaiting || shared && len(requests) >= manyWaiting
			beyond = append(beyond, crowd{req, crowded})
		case beyond != nil:
			within = append(within, req)
		}
	}
	return within, beyond
}

// charge counts a long reply.
func (n *Nameserver) charge(req transport.Request, size int) {
	if more := size / chargedBytes; more > 0 {
		n.askQuota.use(req.From, float64(more), n.config().MaxRequestsPerSource, time.Now())
	}
}

// decline is answer for a lookup of a host that asks too often, without a look at what is asked for.
func (n *Nameserver) decline(dst []byte, req transport.Request, _ bool) []byte {
	n.counters.lookups.Add(1)
	n.askers.add(req.Identity)
	n.refusedLookups.add(source(req), errTooManyLookups)
	return appendHead(dst, versionOf(req.Body), time.Now())
}

var (
	errTooManyLookups = refuse(reasonRate, "more lookups than max_requests_per_source while others wait")
	errTooMany        = refuse(reasonRate, "more announcements than max_announcements_per_source while others announce themselves")
)

// announcer is the host that an announcement counts for. All addresses of this host are one: its datagrams come from another one than its connections, as a rule.
func (n *Nameserver) announcer(from netip.Addr) netip.Addr {
	if n.local.contains(from) {
		return netip.IPv6Loopback()
	}
	return from
}

// asker is the host that a lookup counts for.
func asker(from netip.Addr) netip.Addr { return from }

// crowdsOut tells whether a datagram is passed over, since its host sends too many while others do so, too.
func (n *Nameserver) crowdsOut(from netip.Addr) bool {
	over, shared := n.announceQuota.use(n.announcer(from), 1, n.config().MaxAnnouncementsPerSource, time.Now())
	if !over || !shared {
		return false
	}
	n.counters.announcements.Add(1)
	n.refused.add(registry.Source{Addr: from}, errTooMany)
	return true
}

// frozen renews an entry as it is instead of changing it when its host has made too many changes, and tells whether it has done so.
func (k *keeper) frozen(p registry.Publisher, now time.Time) bool {
	limit := k.n.config().MaxChangesPerSource
	if over, _ := k.n.changeQuota.use(p.Source.Addr, 0, limit, now); !over {
		return false
	}
	if !k.n.registry.Changes(p) {
		return false
	}
	k.n.registry.Renew(p, now)
	k.n.refused.add(p.Source, &refusal{reason: reasonChanges, uri: p.URI, err: fmt.Errorf("more than %d changes a second of one host", limit)})
	k.n.prober.announced(p, false, now)
	return true
}

// countChange counts what came of an announcement, if that is a change to something listed.
func (k *keeper) countChange(p registry.Publisher, outcome registry.Outcome, now time.Time) {
	switch outcome {
	case registry.Changed, registry.Returned, registry.Moved:
		k.n.changeQuota.use(p.Source.Addr, 1, k.n.config().MaxChangesPerSource, now)
	}
}
