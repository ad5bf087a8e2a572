package relay

import (
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"
)

const (
	// mostMissing is the number of publishers that [RouteStats] names.
	mostMissing = 100
	// mostAbsences is the number of publishers that the log names in one go: when a site is cut off, all of its publishers are away at once.
	mostAbsences = 10
)

// absences remember which publishers of a source are away: those that it is to be connected to and is not.
type absences map[string]absence // by address

type absence struct {
	since time.Time
	told  bool // the log knows
}

// missing are the publishers of a source that are away, where it can tell.
func missing(s Source) []string {
	if links, ok := s.(Links); ok {
		return links.Missing()
	}
	return nil
}

// lookForPublishers tells of publishers that are away, and of those that are back.
func (r *Relay) lookForPublishers(now time.Time) {
	r.mu.Lock()
	inlets := slices.Collect(maps.Values(r.inlets))
	r.mu.Unlock()
	for _, in := range inlets {
		if links, ok := in.source.(Links); ok {
			in.absences.look(links, now, r.log.With(zap.Strings("routes", in.routeNames())))
		}
	}
}

// look compares what is away now with what was.
func (a *absences) look(links Links, now time.Time, log *zap.Logger) {
	away := make(absences)
	var lost, back absenceLines
	for _, uri := range links.Missing() {
		one, known := (*a)[uri]
		if !known {
			one.since = now
		}
		if !one.told && now.Sub(one.since) >= absenceGrace {
			one.told = true
			lost.add(uri, age(one.since, now))
		}
		away[uri] = one
	}
	for _, uri := range slices.Sorted(maps.Keys(*a)) {
		// Of one that is wanted no more the log has that it was removed.
		if was := (*a)[uri]; was.told && away[uri] == (absence{}) && links.Connected(uri) {
			back.add(uri, age(was.since, now))
		}
	}
	*a = away
	lost.write(log.Warn, "publisher is not connected, still trying", "more publishers are not connected")
	back.write(log.Info, "publisher is connected again", "more publishers are connected again")
}

// absenceLines are what the log is to have.
type absenceLines struct {
	each []zap.Field // of one publisher after the other: its address, and for how long it was away
	more int         // that are only counted
}

func (l *absenceLines) add(uri string, age time.Duration) {
	if len(l.each) >= 2*mostAbsences {
		l.more++
		return
	}
	l.each = append(l.each, zap.String("uri", uri), zap.Duration("age", age))
}

func (l *absenceLines) write(log func(string, ...zap.Field), one, more string) {
	for fields := range slices.Chunk(l.each, 2) {
		log(one, fields...)
	}
	if l.more > 0 {
		log(more, zap.Int("count", l.more))
	}
}
