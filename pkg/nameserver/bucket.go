package nameserver

import (
	"net/netip"
	"time"
)

// bucket holds tokens, which come back at a rate. The zero value is full when it is used first.
type bucket struct {
	used float64 // tokens that are missing
	at   time.Time
}

// rate is how fast the tokens of a bucket come back, and how many it holds.
type rate struct {
	perSecond float64
	burst     float64
}

// missing brings b up to date.
func (b *bucket) missing(r rate, now time.Time) float64 {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.used = max(0, b.used-passed*r.perSecond)
		b.at = now
	}
	return b.used
}

// has tells whether n tokens are there, and keep are left when they are taken.
func (b *bucket) has(r rate, n, keep float64, now time.Time) bool {
	return b.missing(r, now)+n+keep <= r.burst
}

// take takes n tokens, whether they are there or not.
func (b *bucket) take(n float64) { b.used += n }

// buckets are those of many addresses. A full one is forgotten when there are many.
type buckets struct {
	all   map[netip.Addr]*bucket
	limit int // of those that are not full; beyond it all further addresses share one
	swept int // number of them after the last sweep
	rest  bucket
}

func newBuckets(limit int) *buckets {
	return &buckets{all: make(map[netip.Addr]*bucket), limit: limit}
}

// of returns the bucket of addr.
func (b *buckets) of(addr netip.Addr, r rate, now time.Time) *bucket {
	if one, ok := b.all[addr]; ok {
		return one
	}
	if len(b.all) >= max(2*b.swept, sweepAt) {
		b.sweep(r, now)
	}
	if len(b.all) >= b.limit {
		return &b.rest
	}
	one := new(bucket)
	b.all[addr] = one
	return one
}

// sweepAt is the number of buckets at which the full ones are looked for first; then whenever there are twice as many as were left.
const sweepAt = 256

func (b *buckets) sweep(r rate, now time.Time) {
	for addr, one := range b.all {
		if one.missing(r, now) == 0 {
			delete(b.all, addr)
		}
	}
	b.swept = len(b.all)
}
