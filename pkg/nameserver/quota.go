package nameserver

import (
	"net/netip"
	"sync"
	"time"
)

// Limits of quotas.
const (
	quotaHosts = 10_000 // that have one of their own
	quotaBurst = 4      // seconds' worth that can be had at once
	// quotaOthers is how long ago another host may have been heard to count as one that shares.
	quotaOthers = 2 * time.Second
)

// quota is what each host may have a second, however busy we are. It tells who has had more; whether that is too much is the caller's to say, since what
// nobody else wants is free. It may be used concurrently.
type quota struct {
	mu      sync.Mutex
	buckets buckets[netip.Addr]
	last    [2]sharer // the two hosts that came last
}

type sharer struct {
	host netip.Addr
	at   time.Time
}

func newQuota() *quota { return &quota{buckets: newBuckets[netip.Addr](quotaHosts)} }

// use counts cost for a host that may have so much a second; 0: as much as it likes. It tells whether the host has had more, and whether another one was there of
// late.
func (q *quota) use(from netip.Addr, cost float64, perSecond int, now time.Time) (over, shared bool) {
	if perSecond == 0 {
		return false, false
	}
	host, r := hostOf(from), rate{float64(perSecond), float64(quotaBurst * perSecond)}
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.buckets.of(host, r, now)
	over = !b.has(r, cost, 0, now)
	// What is had beyond the quota counts as well, but no more than a second's worth: who stops has its quota again soon.
	b.used = min(b.used+cost, r.burst+r.perSecond)
	other := &q.last[1]
	if q.last[0].host != host {
		if other.host != host {
			*other = sharer{host: host}
		}
		q.last[0], q.last[1] = q.last[1], q.last[0]
	}
	q.last[0].at = now
	return over, now.Sub(other.at) < quotaOthers
}
