package nameserver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/registry"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Times of the status line.
const (
	statusDelay    = time.Second      // from a change, so that many changes make one line
	statusInterval = 30 * time.Second // without one
)

// When many publishers are to be removed at once, such as all those of a site that was cut off, some are and then others have their turn: those who look up, who would wait
// for a processor, and those who follow the feed, whose queues hold feedQueue changes.
const (
	removedAtOnce = 512
	removalRest   = 10 * time.Millisecond
)

// keeper is the loop that changes the table and publishes the changes, both in the same order. It sleeps until something is due.
type keeper struct {
	n      *Nameserver
	beat   *heart
	tell   func(line string)
	change func(Change) // nil: nobody follows
	noise  recent[noiseKey]

	deafness deafness
	planned  time.Time // when the next round is due at the latest
	rounded  time.Time // when the last one began

	removals  time.Time // are not before
	heartbeat time.Time // when the next one is due
	status    time.Time
	listed    int // at the last status
}

// noiseKey keeps a publisher that changes to and fro from filling the log.
type noiseKey struct{ uri, what string }

func newKeeper(n *Nameserver, hooks Hooks, beat *heart) *keeper {
	k := &keeper{n: n, beat: beat, tell: hooks.Status, change: hooks.Change, listed: -1}
	if k.tell == nil {
		k.tell = func(string) {}
	}
	return k
}

// run works until ctx ends.
func (k *keeper) run(ctx context.Context) error {
	timer := time.NewTimer(0) // the first heartbeat is due at once
	defer timer.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case nt := <-k.n.notices:
			err = k.take(ctx, nt, time.Now())
		case v := <-k.n.prober.verdicts:
			k.attend(time.Now())
			k.bury(v, time.Now())
		case <-k.n.reloaded:
			err = k.expire(ctx, time.Now())
		case <-k.n.came:
			for _, feed := range k.n.sockets.Load().feed {
				k.n.repeats.came(feed)
			}
			err = k.expire(ctx, time.Now())
		case <-timer.C:
			err = k.expire(ctx, time.Now())
		}
		if err == nil {
			err = k.tick(ctx, time.Now())
		}
		if err != nil {
			return part(ctx, "publish changes", err)
		}
		k.beat.beat()
		k.n.saver.ask(time.Now())
		k.planned = later(k.next(), time.Now())
		timer.Reset(time.Until(k.planned))
	}
}

// take carries out nt, and what else waits: a round costs more than an announcement.
func (k *keeper) take(ctx context.Context, nt notice, now time.Time) error {
	k.listen(nt, now)
	// What is too old goes first: a late publisher is removed and added again. One whose turn has not come, where there are very many, is renewed.
	if err := k.expire(ctx, now); err != nil {
		return err
	}
	for left := waitingNotices; ; left-- {
		if !nt.echo {
			if err := k.note(ctx, nt, now); err != nil {
				return err
			}
		}
		if left == 0 {
			return nil
		}
		select {
		case nt = <-k.n.notices:
			k.listen(nt, now)
		default:
			return nil
		}
	}
}

// tick does what is due by the clock.
func (k *keeper) tick(ctx context.Context, now time.Time) error {
	if listed := k.n.registry.Len(); listed != k.listed {
		k.listed = listed
		if soon := now.Add(statusDelay); k.status.After(soon) {
			k.status = soon
		}
	}
	if !k.status.After(now) {
		k.tell(k.n.statusLine())
		k.status = now.Add(statusInterval)
	}
	k.n.lines.summary(k.n.log, now)
	if err := k.repeat(ctx, now); err != nil {
		return err
	}
	if interval := k.n.config().FeedHeartbeat; !k.heartbeat.Add(interval).After(now) {
		k.heartbeat = now
		return k.n.publishHeartbeat(ctx, interval)
	}
	return nil
}

// next is when something is due if nothing happens until then.
func (k *keeper) next() time.Time {
	next := k.heartbeat.Add(k.n.config().FeedHeartbeat)
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	sooner(k.status)
	if due, ok := k.n.registry.Next(); ok {
		sooner(later(due, k.removals))
	}
	for _, due := range []time.Time{k.n.lines.due(), k.n.repeats.next()} {
		if !due.IsZero() {
			sooner(due)
		}
	}
	if interval := k.beat.pulse.interval; interval > 0 {
		sooner(time.Now().Add(interval))
	}
	return next
}

// note carries out an announcement or a withdrawal. The error is one of publishing.
func (k *keeper) note(ctx context.Context, nt notice, now time.Time) error {
	if nt.known {
		if k.renew(nt, now) {
			return nil
		}
		var ok bool
		if nt, ok = k.n.understand(nt.message, nt.publisher); !ok {
			return nil
		}
	}
	p := nt.publisher
	if nt.withdraw {
		k.withdraw(p, now)
		return nil
	}
	if k.frozen(p, now) {
		return nil
	}
	outcome, before, err := k.n.registry.Announce(p, now)
	if err != nil {
		k.n.refused.add(p.Source, &refusal{reason: tableReason(err), uri: p.URI, err: err})
		return nil
	}
	k.n.prober.announced(p, outcome != registry.Renewed && outcome != registry.Changed, now)
	k.changed(changeOf(outcome), p, backendOf(p.Secure), "")
	k.countChange(p, outcome, now)
	switch outcome {
	case registry.Added:
		k.n.counters.added.Add(1)
		k.line(now, p.Source.Addr, p.URI, "publisher added", about(p)...)
	case registry.Changed:
		k.n.counters.changed.Add(1)
		k.info("publisher changed", p, now)
	case registry.Confirmed:
		k.n.counters.confirmed.Add(1)
		k.n.log.Debug("publisher confirmed", about(p)...)
	case registry.Returned:
		k.n.counters.returned.Add(1)
		k.info("publisher returned", p, now)
	case registry.Moved:
		k.n.counters.changed.Add(1)
		k.info(moved(p), p, now)
		return k.n.publishMove(ctx, *before, nt)
	default:
		return nil
	}
	return k.n.publishAddition(ctx, nt)
}

// moved says which way a publisher has gone; the log has each once an hour.
func moved(p registry.Publisher) string {
	if p.Secure {
		return "publisher is secure now"
	}
	return "publisher is plain now"
}

// tableReason is why the table does not take an announcement.
func tableReason(err error) string {
	switch {
	case errors.Is(err, registry.ErrForeign):
		return reasonForeignChange
	case errors.Is(err, registry.ErrSourceFull):
		return reasonSourceFull
	default:
		return reasonTableFull
	}
}

func (k *keeper) withdraw(p registry.Publisher, now time.Time) {
	_, listed := k.n.registry.State(p.URI)
	err := k.n.registry.Withdraw(p.URI, p.Source, now)
	switch {
	case err == nil:
		k.n.counters.withdrawn.Add(1)
		if listed { // else it has said so before
			k.changed(PublisherWithdrawn, p, "", "")
		}
		k.info("publisher withdrawn", p, now)
	case errors.Is(err, registry.ErrForeign):
		k.n.refused.add(p.Source, &refusal{reason: reasonNotOwner, uri: p.URI, err: err})
	}
	// One that is not listed needs no withdrawing: this nameserver was restarted, say.
}

// bury carries out what a probe has found.
func (k *keeper) bury(v verdict, now time.Time) {
	was, ok := k.n.registry.Bury(v.uri, v.since, now)
	if !ok {
		return // it has been heard of in the meantime
	}
	k.deafness.left(was.Source.Addr)
	k.n.counters.dead.Add(1)
	k.changed(PublisherDead, registry.Publisher{URI: v.uri, Services: was.Services, Source: was.Source}, "", string(v.cause))
	k.line(now, was.Source.Addr, v.uri, "publisher is dead", zap.String("uri", v.uri), services(was.Services), zap.String("cause", string(v.cause)),
		zap.Duration("age", now.Sub(v.since)))
}

// info logs a change of a publisher, once an hour for each kind of it.
func (k *keeper) info(what string, p registry.Publisher, now time.Time) {
	if again, ok := k.noise.news(noiseKey{p.URI, what}, now); ok {
		k.line(now, p.Source.Addr, p.URI, what, append(about(p), zap.Uint64("count", again+1))...)
	}
}

// line logs what a message from the network has made of the publisher at uri, as far as there is room for it.
func (k *keeper) line(now time.Time, from netip.Addr, uri, what string, fields ...zap.Field) {
	if k.n.lines.allow(what, uri, from, now) {
		k.n.log.Info(what, fields...)
	}
}

func about(p registry.Publisher) []zap.Field {
	fields := append([]zap.Field{zap.String("uri", p.URI), services(p.Services)}, who(p.Source)...)
	if p.Secure {
		fields = append(fields, zap.String("backend", string(transport.Secure)))
	}
	return fields
}

// who is a source for the log: its address, where it is known, and the name of its key if it has shown one.
func who(s registry.Source) []zap.Field {
	var fields []zap.Field
	if s.Addr.IsValid() {
		fields = append(fields, zap.Stringer("peer", s.Addr))
	}
	if s.Client != "" {
		fields = append(fields, zap.String("client", s.Client))
	}
	return fields
}

// Bounds of the names of a publisher in the log.
const (
	loggedNames = 10
	loggedName  = 100 // bytes
)

// services are the names of a publisher for the log, which a peer must not fill with thousands of them.
func services(s registry.Services) zap.Field {
	names := shortened(s.Names)
	if more := len(s.Names) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("... and %d more", more))
	}
	return zap.Strings("service", names)
}

// shortened returns the first names, none of them too long.
func shortened(all []string) []string {
	names := slices.Clone(all[:min(len(all), loggedNames)])
	for i, name := range names {
		if len(name) > loggedName {
			names[i] = strings.ToValidUTF8(name[:loggedName], "") + "..."
		}
	}
	return names
}

// expire removes what is too old, and what was withdrawn long enough ago.
func (k *keeper) expire(ctx context.Context, now time.Time) error {
	k.attend(now)
	if now.Before(k.removals) {
		return nil
	}
	all := k.n.registry.ExpireSome(now, removedAtOnce)
	for _, gone := range all {
		k.n.counters.removed.Add(1)
		cause := "too old"
		switch {
		case gone.Withdrawn:
			cause = "withdrawn"
		case gone.Dead:
			cause = "dead"
		}
		k.changed(PublisherRemoved, registry.Publisher{URI: gone.URI, Services: gone.Services, Source: gone.Source}, backendOf(gone.Secure), cause)
		k.line(now, gone.Source.Addr, gone.URI, "publisher removed", zap.String("uri", gone.URI), services(gone.Services),
			zap.String("cause", cause), zap.Duration("age", now.Sub(gone.Since)))
		if err := k.n.publishRemoval(ctx, gone); err != nil {
			return err
		}
	}
	if len(all) == removedAtOnce {
		k.removals = time.Now().Add(removalRest) // not from now on: to tell of so many takes a while
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
