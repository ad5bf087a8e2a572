package nameserver

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Limits of probing.
const (
	probeTimeout  = 2 * time.Second
	mostProbes    = 64     // under way at once
	mostNewcomers = 10_000 // that wait to be tried; of those beyond it a time-out will not count
	silentBatch   = 256
	// probePause is the time until a probe is tried again that the budget has no room for.
	probePause = 500 * time.Millisecond
	// refusalPatience is how long one is silent at least until a refusal counts whose address never took a connection.
	refusalPatience = 2 * time.Minute
	// longestPause is the longest time between probes of one that is silent and answers, or of which they tell nothing.
	longestPause = time.Minute
	// probeHosts is the number of hosts with a budget of their own.
	probeHosts = 10_000
)

// prober finds out which of the publishers that have fallen silent are dead: it connects to them. What it finds counts as follows.
//
//   - Nobody is declared dead who has announced himself since the probe began.
//   - Refused: dead. Where connections were refused from the first announcement on, or only one announcement has come and no connection was taken, only
//     after refusalPatience: that may be a firewall, or one from before our start that announces rarely.
//   - No answer: dead after two in a row, if a connection was taken there before, other hosts are heard meanwhile, and its own host is not: else it may be a
//     firewall, or we who are cut off. A host that is there refuses for a program that has ended; one that was stopped, or hangs, does not answer once a
//     hundred connections wait for it.
//   - Anything else tells nothing.
//
// Probes go to nobody who has not asked for it: see target. Each second sees a limited number of them, in all and for each host, whatever is announced.
type prober struct {
	n        *Nameserver
	network  transport.Prober // nil: nothing is probed
	hearing  hearing
	verdicts chan verdict // to the keeper
	wake     chan struct{}
	idle     atomic.Bool // no announcement is there whose end run waits for: the next one wakes it
	noise    recent[string]

	mu        sync.Mutex
	newcomers []string // URIs; mostNewcomers at most

	// Of run alone.
	watches watches
	total   bucket
	hosts   buckets[netip.Addr]
	running int
	results chan probed
}

// verdict is that a publisher is dead.
type verdict struct {
	uri   string
	since time.Time // unless it was announced later
	cause outcome
}

// probed is what came of a probe.
type probed struct {
	watch *watch
	at    netip.AddrPort
	began time.Time
	err   error
}

func newProber(n *Nameserver, network transport.Transport) *prober {
	p := &prober{n: n, verdicts: make(chan verdict), wake: make(chan struct{}, 1), hosts: newBuckets[netip.Addr](probeHosts), results: make(chan probed)}
	p.network, _ = network.(transport.Prober)
	return p
}

// off tells whether nothing is probed.
func (p *prober) off() bool { return p.network == nil || p.n.config().Probe == ProbeOff }

// announced notes an announcement that was taken, and that it listed a publisher which was not there before.
func (p *prober) announced(pub registry.Publisher, listed bool, now time.Time) {
	p.hearing.note(bare(pub.Source.Addr), now)
	if listed && !p.off() {
		p.mu.Lock()
		if len(p.newcomers) < mostNewcomers {
			p.newcomers = append(p.newcomers, pub.URI)
		}
		p.mu.Unlock()
	}
	if listed || p.idle.Load() {
		p.poke()
	}
}

// poke makes run look at what is new.
func (p *prober) poke() {
	select {
	case p.wake <- struct{}{}:
	default: // it will
	}
}

// run works until ctx ends. It sleeps until something is due.
func (p *prober) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var probes sync.WaitGroup
	defer probes.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-p.results:
			p.running--
			p.settle(ctx, r, time.Now())
		case <-p.wake:
		case <-timer.C:
		}
		now := time.Now()
		p.gather(now)
		p.probe(ctx, &probes, now)
		if next, ok := p.next(); ok {
			timer.Reset(time.Until(next))
		} else {
			timer.Stop()
		}
	}
}

// next is when something is due; false when nothing is, or nothing can be done before a probe ends.
func (p *prober) next() (time.Time, bool) {
	if p.off() {
		p.idle.Store(false)
		return time.Time{}, false
	}
	if p.running >= mostProbes {
		return time.Time{}, false
	}
	p.idle.Store(true) // before looking: one that comes now is seen, or wakes
	next, ok := p.n.registry.NextSilent(p.n.config().ProbeAfter)
	p.idle.Store(!ok)
	if len(p.watches.heap) > 0 {
		if due := p.watches.heap[0].due; !ok || due.Before(next) {
			next, ok = due, true
		}
	}
	return next, ok
}

// gather finds whom to watch.
func (p *prober) gather(now time.Time) {
	p.mu.Lock()
	newcomers := p.newcomers
	p.newcomers = nil
	p.mu.Unlock()
	if p.off() {
		p.watches.clear()
		return
	}
	after := p.n.config().ProbeAfter
	for _, uri := range newcomers {
		p.welcome(uri, now)
	}
	for more := true; more; {
		silent := p.n.registry.Silent(now, after, silentBatch)
		for _, s := range silent {
			p.watch(s, s.Since.Add(patience(s, after)))
		}
		more = len(silent) == silentBatch
	}
}

// welcome watches a newcomer, and those that it may have come in place of.
func (p *prober) welcome(uri string, now time.Time) {
	after := p.n.config().ProbeAfter
	if s, ok := p.n.registry.State(uri); ok && s.Reach == registry.Untried {
		if _, ok := p.n.target(s); ok {
			p.watches.put(&watch{uri: uri, due: now}) // at once: it may be killed within the second
		}
	}
	for _, s := range p.n.registry.Siblings(uri) {
		p.watch(s, s.Since.Add(shortPatience(s.Gap, after)))
	}
}

func (p *prober) watch(s registry.State, due time.Time) {
	if _, ok := p.n.target(s); ok {
		p.watches.put(&watch{uri: s.URI, since: s.Since, due: due})
	}
}

// patience is how long a publisher is silent before it is probed: so long that two announcements in a row are missing. While only one has come nobody
// knows how often it announces; but one that has taken a connection does not refuse the next.
func patience(s registry.State, after time.Duration) time.Duration {
	if s.Gap == 0 && s.Reach != registry.Answers {
		return 3 * after
	}
	return max(after, s.Gap*5/2)
}

// shortPatience is that for one with a newer sibling.
func shortPatience(gap, after time.Duration) time.Duration {
	if gap == 0 {
		return after
	}
	return max(after*3/5, gap*3/2)
}

// probe starts the probes that are due, as far as there is room for them.
func (p *prober) probe(ctx context.Context, probes *sync.WaitGroup, now time.Time) {
	for p.running < mostProbes {
		w := p.watches.next(now)
		if w == nil {
			return
		}
		at, ok := p.wanted(w)
		switch {
		case !ok:
			p.watches.drop(w)
		case !p.affordable(w, at.Addr(), now):
			p.n.probes.deferred.Add(1)
			p.watches.again(w, now.Add(probePause))
		default:
			p.running++
			p.n.probes.made.Add(1)
			probes.Go(func() { p.try(ctx, probed{watch: w, at: at, began: now}) })
		}
	}
}

// wanted tells whether w is still to be probed, and where.
func (p *prober) wanted(w *watch) (netip.AddrPort, bool) {
	s, ok := p.n.registry.State(w.uri)
	switch {
	case !ok:
		return netip.AddrPort{}, false
	case w.newcomer() && s.Reach == registry.Answers:
		return netip.AddrPort{}, false
	case !w.newcomer() && !s.Since.Equal(w.since):
		return netip.AddrPort{}, false // it is not silent any more
	}
	return p.n.target(s)
}

// affordable takes a probe of host out of the budget, if it is there. Newcomers leave half of it to those that are silent.
func (p *prober) affordable(w *watch, host netip.Addr, now time.Time) bool {
	cfg := p.n.config()
	total := rate{float64(cfg.ProbeRate), float64(2 * cfg.ProbeRate)}
	each := rate{float64(cfg.ProbeRatePerHost), float64(2 * cfg.ProbeRatePerHost)}
	share := 0.0
	if w.newcomer() {
		share = 0.5
	}
	one := p.hosts.of(hostOf(host), each, now)
	if !p.total.has(total, 1, share*total.burst, now) || !one.has(each, 1, share*each.burst, now) {
		return false
	}
	p.total.take(1)
	one.take(1)
	return true
}

// try makes one probe.
func (p *prober) try(ctx context.Context, r probed) {
	dialing, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	r.err = p.network.Probe(dialing, r.at)
	select {
	case p.results <- r:
	case <-ctx.Done():
	}
}

// settle draws the conclusion.
func (p *prober) settle(ctx context.Context, r probed, now time.Time) {
	w, found := r.watch, judge(r.err)
	p.n.probes.count(found)
	if ce := p.n.log.Check(zap.DebugLevel, "publisher probed"); ce != nil {
		ce.Write(zap.String("uri", w.uri), zap.String("cause", string(found)), zap.Error(r.err))
	}
	s, ok := p.n.registry.State(w.uri)
	if ok && found == probeAnswered && s.Reach != registry.Answers {
		p.n.registry.Reached(w.uri, registry.Answers)
	}
	var again time.Time
	switch {
	case !ok:
	case w.newcomer():
		again = p.settleNewcomer(w, found, now)
	case s.Since.Equal(w.since):
		again = p.settleSilent(ctx, r, s, found, now)
	}
	if again.IsZero() {
		p.watches.drop(w)
	} else {
		p.watches.again(w, again)
	}
}

// settleNewcomer notes that one that has just come can't be reached, and returns when to try once more; zero: not.
func (p *prober) settleNewcomer(w *watch, found outcome, now time.Time) time.Time {
	if found != probeRefused {
		return time.Time{}
	}
	p.n.registry.Reached(w.uri, registry.Refusing)
	if w.tries++; w.tries > 1 {
		return time.Time{}
	}
	return now.Add(p.n.config().ProbeAfter)
}

// settleSilent concludes whether one that is silent is dead, and returns when to try again; zero: not.
func (p *prober) settleSilent(ctx context.Context, r probed, s registry.State, found outcome, now time.Time) time.Time {
	w, after := r.watch, p.n.config().ProbeAfter
	if found == probeRefused {
		sure := s.Reach == registry.Answers || s.Reach == registry.Untried && s.Gap > 0
		if enough := s.Since.Add(max(refusalPatience, 3*s.Gap)); !sure && now.Before(enough) {
			return enough
		}
		p.bury(ctx, verdict{uri: w.uri, since: w.since, cause: found})
		return time.Time{}
	}
	if found == probeUnanswered && s.Reach == registry.Answers {
		if p.missing(r, s, now) {
			p.bury(ctx, verdict{uri: w.uri, since: w.since, cause: found})
			return time.Time{}
		}
		if w.misses < 4 {
			return now.Add(after / 2)
		}
	} else {
		w.misses, w.certain = 0, time.Time{}
	}
	if found == probeFailed {
		p.complain(r.err, now)
	}
	w.tries++
	return now.Add(min(after<<min(w.tries, 10), longestPause))
}

// missing takes in a time-out and tells whether the publisher is gone with its host: when there is one more after it was certain that it is not we who are
// cut off, since other hosts have been heard since the first time-out. Where there never was another host, two have to do for that.
func (p *prober) missing(r probed, s registry.State, now time.Time) bool {
	w, host := r.watch, bare(r.at.Addr())
	if w.misses++; w.misses == 1 {
		w.missed = r.began
	}
	if p.n.local.contains(host) || p.hearing.host(host, w.missed) || p.hearing.host(bare(s.Source.Addr), w.missed) {
		return false // it is there, and would have refused
	}
	if !w.certain.IsZero() {
		return true
	}
	if s.Gap == 0 && now.Sub(s.Since) < 3*p.n.config().ProbeAfter {
		return false // it may be one that announces rarely
	}
	there, heard := p.hearing.others(host, w.missed, p.n.local.contains)
	if heard || !there && w.misses >= 2 {
		w.certain = now
	}
	return false
}

// complain logs why probes can't be made, each cause once an hour.
func (p *prober) complain(err error, now time.Time) {
	if again, ok := p.noise.news(shortCause(err), now); ok {
		p.n.log.Warn("publishers can't be probed", zap.Error(err), zap.Uint64("count", again+1))
	}
}

// shortCause is what repeats in errors, without the addresses.
func shortCause(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return "other"
}

func (p *prober) bury(ctx context.Context, v verdict) {
	select {
	case p.verdicts <- v:
	case <-p.n.stopped:
	case <-ctx.Done():
	}
}
