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

// allow takes a token if there is one.
func (b *bucket) allow(r rate, now time.Time) bool {
	if !b.has(r, 1, 0, now) {
		return false
	}
	b.take(1)
	return true
}

// buckets are those of many, by whom they belong to. Full ones are forgotten when there are many.
type buckets[K comparable] struct {
	all   map[K]*bucket
	limit int // of those that are not full; beyond it all others share one
	swept time.Time
	left  int // after the last sweep
	rest  bucket
}

func newBuckets[K comparable](limit int) buckets[K] {
	return buckets[K]{all: make(map[K]*bucket), limit: limit}
}

// Limits of sweeping.
const (
	sweepAt    = 256 // buckets; then whenever there are twice as many as were left
	sweepPause = time.Second
)

// of returns the bucket of key.
func (b *buckets[K]) of(key K, r rate, now time.Time) *bucket {
	if one, ok := b.all[key]; ok {
		return one
	}
	if n := len(b.all); (n >= b.limit || n >= max(2*b.left, sweepAt)) && now.Sub(b.swept) >= sweepPause {
		b.sweep(r, now)
	}
	if len(b.all) >= b.limit {
		return &b.rest
	}
	one := new(bucket)
	b.all[key] = one
	return one
}

func (b *buckets[K]) sweep(r rate, now time.Time) {
	for key, one := range b.all {
		if one.missing(r, now) == 0 {
			delete(b.all, key)
		}
	}
	b.swept, b.left = now, len(b.all)
}

// hostOf is what counts as one host: an address, or an IPv6 network of 64 bits, in which a host has as many addresses as it likes.
func hostOf(addr netip.Addr) netip.Addr {
	addr = bare(addr)
	if !addr.Is6() {
		return addr
	}
	network, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return network.Addr()
}
