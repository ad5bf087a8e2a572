package relay

import (
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"
)

const (
	// presenceInterval is the time between two looks whether sinks have subscribers.
	presenceInterval = 10 * time.Second
	// absenceGrace is how long a sink must be without any, or a publisher away, before the log tells: they need a while at the start, and to come back when
	// something was restarted.
	absenceGrace = time.Minute
)

// presence remembers whether a sink has subscribers.
type presence struct {
	absent  time.Time // since when there is none; zero: there are some
	unheard uint64    // messages that nobody had asked for when there were some last
	told    bool      // the log knows
}

// lookForSubscribers tells of sinks that have no subscribers, and of those that have some again.
func (r *Relay) lookForSubscribers(now time.Time) {
	r.mu.Lock()
	outlets := slices.Collect(maps.Values(r.outlets))
	r.mu.Unlock()
	for _, out := range outlets {
		out.presence.look(out, now, r.log)
	}
}

func (p *presence) look(out *outlet, now time.Time, log *zap.Logger) {
	present, unheard := out.sink.Peers() > 0, out.loss().Unheard
	switch {
	case present && p.told:
		log.Info("sink has subscribers again", zap.String("service", out.cfg.Name), zap.Duration("age", age(p.absent, now)), zap.Uint64("count", unheard-p.unheard))
		*p = presence{unheard: unheard}
	case present:
		*p = presence{unheard: unheard}
	case p.absent.IsZero():
		p.absent = now
	case !p.told && now.Sub(p.absent) >= absenceGrace:
		p.told = true
		log.Info("sink has no subscribers", zap.String("service", out.cfg.Name), zap.Duration("age", age(p.absent, now)), zap.Uint64("count", unheard-p.unheard))
	}
}

// age is a time since then for people.
func age(then, now time.Time) time.Duration { return now.Sub(then).Round(time.Second) }
