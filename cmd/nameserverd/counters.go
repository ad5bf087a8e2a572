package main

import (
	"maps"
	"slices"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

// counters returns what the log tells of the nameserver: all fields of [nameserver.Stats].
func counters(stats nameserver.Stats) []zap.Field {
	return []zap.Field{
		zap.Int("publishers", stats.Publishers),
		zap.Uint64("lookups", stats.Lookups),
		counts("lookups_refused", stats.RefusedLookups),
		counts("lookups_by", stats.LookupsBy),
		zap.Uint64("announcements", stats.Announcements),
		zap.Uint64("announcements_ignored", stats.Ignored),
		counts("announcements_refused", stats.Refused),
		counts("announcements_by", stats.AnnouncementsBy),
		zap.Uint64("added", stats.Added),
		zap.Uint64("changed", stats.Changed),
		zap.Uint64("returned", stats.Returned),
		zap.Uint64("withdrawn", stats.Withdrawn),
		zap.Uint64("removed", stats.Removed),
		zap.Uint64("unpublished", stats.Unpublished),
		zap.Uint64("connections_admitted", stats.Access.Admitted),
		counts("connections_by", stats.Access.ByClient),
		counts("connections_refused", stats.Access.Refused),
		zap.Uint64("connections_revoked", stats.Access.Revoked),
	}
}

// counts are counters by something, sorted by that.
func counts[K ~string](key string, m map[K]uint64) zap.Field {
	var fields []zap.Field
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fields = append(fields, zap.Uint64(string(k), m[k]))
	}
	return zap.Dict(key, fields...)
}
