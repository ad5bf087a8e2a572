package main

import (
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/relay"
)

// rates are what goes through the relay in a second, by two looks at its counters, some ten seconds apart.
type rates struct {
	mu           sync.Mutex
	before, last look
}

// look is what the counters were at one time.
type look struct {
	at     time.Time
	routes map[string]volume // by name: what was sent
	in     map[string]uint64 // and how many were received
	links  map[string]volume // by source and address
}

// volume is a number of messages and their bytes.
type volume struct{ messages, bytes uint64 }

// rate is that in a second.
type rate struct{ messages, bytes float64 }

// lookPause is the least time between two looks: rates of a moment jump.
const lookPause = 5 * time.Second

// take looks at the counters, unless it has done so just before.
func (r *rates) take(now time.Time, stats relay.Stats, links []relay.LinkStats) {
	fresh := look{at: now, routes: make(map[string]volume), in: make(map[string]uint64), links: make(map[string]volume)}
	for _, route := range stats.Routes {
		fresh.routes[route.Name], fresh.in[route.Name] = volume{route.Sent, route.Bytes}, route.Received
	}
	for _, link := range links {
		fresh.links[linkKey(&link)] = volume{link.Messages, link.Bytes}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last.at.IsZero() || now.Sub(r.last.at) >= lookPause {
		r.before, r.last = r.last, fresh
	}
}

// linkKey tells a link from others: two sources may be connected to the same publisher. What is one source feeds the same routes.
func linkKey(link *relay.LinkStats) string {
	return strings.Join(append([]string{link.URI}, link.Routes...), " ")
}

// route returns what a route receives and sends.
func (r *rates) route(name string) (received float64, sent rate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seconds, ok := r.between()
	if !ok {
		return 0, rate{}
	}
	in := volume{messages: r.last.in[name]}.since(volume{messages: r.before.in[name]}, seconds)
	return in.messages, r.last.routes[name].since(r.before.routes[name], seconds)
}

// link returns what comes from a publisher.
func (r *rates) link(link *relay.LinkStats) rate {
	r.mu.Lock()
	defer r.mu.Unlock()
	seconds, ok := r.between()
	if !ok {
		return rate{}
	}
	key := linkKey(link)
	return r.last.links[key].since(r.before.links[key], seconds)
}

// between is the time between the two looks, when there were two. The caller holds mu.
func (r *rates) between() (seconds float64, ok bool) {
	seconds = r.last.at.Sub(r.before.at).Seconds()
	return seconds, !r.before.at.IsZero() && seconds > 0
}

// since is the rate from before to v; 0 where counting has begun anew.
func (v volume) since(before volume, seconds float64) rate {
	per := func(now, before uint64) float64 { return float64(now-min(before, now)) / seconds }
	return rate{per(v.messages, before.messages), per(v.bytes, before.bytes)}
}
