package main

import (
	"iter"

	"github.com/pytroll/posttroll-go/pkg/metrics"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// counters are all fields of [nameserver.Stats], in their order.
var counters = metrics.Table{
	{Field: "Publishers", Key: "publishers"},
	{Field: "PublishersBy", Key: "publishers_by", Metric: "publishers", Label: "backend", Help: "Publishers that are listed, by backend."},
	{Field: "Lookups", Key: "lookups", Metric: "lookups_total", Help: "Lookups that were answered."},
	{Field: "RefusedLookups", Key: "lookups_refused", Metric: "lookups_refused_total", Label: "reason", Known: nameserver.LookupRefusals(),
		Help: "Lookups of these that were refused with an empty reply, by reason."},
	{Field: "LookupsBy", Key: "lookups_by", Metric: "client_lookups_total", Label: "client", Help: "Lookups over a secure port, by the name of the client's key."},
	{Field: "Announcements", Key: "announcements", Metric: "announcements_total", Help: "Announcements that came in, by multicast or directly."},
	{Field: "Ignored", Key: "announcements_ignored", Metric: "announcements_ignored_total", Help: "Messages of these that were no announcements."},
	{Field: "Refused", Key: "announcements_refused", Metric: "announcements_refused_total", Label: "reason", Known: nameserver.AnnouncementRefusals(),
		Help: "Announcements that were refused, by reason."},
	{Field: "AnnouncementsBy", Key: "announcements_by", Metric: "client_announcements_total", Label: "client",
		Help: "Announcements over a secure port, by the name of the client's key."},
	{Field: "Added", Key: "added", Metric: "publishers_added_total", Help: "Publishers that were new."},
	{Field: "Changed", Key: "changed", Metric: "publishers_changed_total", Help: "Publishers that announced other data than before."},
	{Field: "Returned", Key: "returned", Metric: "publishers_returned_total", Help: "Publishers that came back in time after they had withdrawn."},
	{Field: "Withdrawn", Key: "withdrawn", Metric: "publishers_withdrawn_total", Help: "Publishers that said that they stop."},
	{Field: "Dead", Key: "dead", Metric: "publishers_dead_total", Help: "Publishers that a probe found dead."},
	{Field: "Removed", Key: "removed", Metric: "publishers_removed_total", Help: "Publishers that left the table, withdrawn, dead or too old."},
	{Field: "Probes.Made", Key: "probes", Metric: "probes_total", Help: "Connections to publishers to see whether they are there."},
	{Field: "Probes.Answered", Key: "probes_answered", Metric: "probes_answered_total", Help: "Probes that found somebody."},
	{Field: "Probes.Refused", Key: "probes_refused", Metric: "probes_refused_total", Help: "Probes that were refused."},
	{Field: "Probes.Unanswered", Key: "probes_unanswered", Metric: "probes_unanswered_total", Help: "Probes without an answer."},
	{Field: "Probes.Failed", Key: "probes_failed", Metric: "probes_failed_total", Help: "Probes that could not be made."},
	{Field: "Probes.Deferred", Key: "probes_deferred", Metric: "probes_deferred_total", Help: "Times that a probe had to wait for others."},
	{Field: "Restored", Key: "restored", Metric: "publishers_restored_total", Help: "Publishers that were known from before the start."},
	{Field: "Confirmed", Key: "confirmed", Metric: "publishers_confirmed_total", Help: "Publishers of these that have announced themselves since."},
	{Field: "Unconfirmed", Key: "unconfirmed", Metric: "publishers_unconfirmed", Help: "Publishers of these that are listed and have not."},
	{Field: "Deafened", Key: "deafened", Metric: "deafened_total", Help: "Times that publishers could not be heard, for a reason on this side."},
	{Field: "Deaf", Key: "deaf", Metric: "deaf", Label: "way", Help: "Whether publishers cannot be heard now by one way of announcing, and stay listed: 1 or 0."},
	{Field: "StateSaves", Key: "state_saves", Metric: "state_saves_total", Help: "Times that the state was written."},
	{Field: "StateFailures", Key: "state_failures", Metric: "state_failures_total", Help: "Times that the state could not be written."},
	{Field: "LogLinesLeftOut", Key: "log_lines_left_out", Metric: "log_lines_left_out_total", Label: "kind", Help: "Lines that were too many for the log, by what they would have said."},
	{Field: "Unpublished", Key: "unpublished", Metric: "feed_changes_unpublished_total", Help: "Changes that could not be put into a message of the change feed."},
	{Field: "FollowersBy", Key: "followers_by", Metric: "feed_subscribers_connected", Label: "backend",
		Help: "Subscribers that are connected to the change feed, by the backend of its port."},
	{Field: "Changes", Key: "changes", Metric: "feed_changes_total", Help: "Changes that were published on the change feed."},
	{Field: "Repeated", Key: "repeated", Metric: "feed_additions_repeated_total", Help: "Additions that were published again, to those who had just come to the change feed."},
	{Field: "Loss.Unheard", Key: "feed_unheard", Metric: "feed_messages_unheard_total", Help: "Messages of the change feed that nobody had subscribed to."},
	{Field: "Loss.Overflows", Key: "feed_overflows", Metric: "feed_subscriber_overflows_total",
		Help: "Times that a message of the change feed met the full queue of a subscriber that had had room before."},
	{Field: "Loss.Episodes", Key: "feed_slow_episodes", Metric: "feed_subscriber_slow_episodes_total",
		Help: "Times that a subscriber of the change feed fell behind by more than its queue."},
	{Field: "Loss.LostEstimate", Key: "feed_lost_estimate", Metric: "feed_messages_lost_estimate_total",
		Help: "Estimate of the messages of the change feed that slow subscribers did not get."},
	{Field: "Loss.Slow", Key: "feed_slow_subscribers", Metric: "feed_subscribers_slow", Help: "Subscribers of the change feed that are behind by more than their queue."},
	{Field: "Undelivered", Key: "replies_undelivered", Metric: "replies_undelivered_total", Help: "Replies that their clients did not take."},
	{Field: "Overflow", Key: "replies_over_limit", Metric: "replies_over_limit_total",
		Help: "Replies of these that were over max_bytes_in_flight, or over the share of an address."},
	{Field: "InFlight", Key: "replies_in_flight", Metric: "replies_in_flight_bytes", Help: "Bytes of replies of 512 bytes and more that wait for their clients."},
	{Field: "Malformed", Key: "requests_malformed", Metric: "requests_malformed_total", Help: "Requests that were none, by the rules of ZeroMQ."},
	{Field: "Access.Admitted", Key: "connections_admitted", Metric: "connections_admitted_total",
		Help: "Connections that were admitted, where keys or addresses decide."},
	{Field: "Access.ByClient", Key: "connections_by", Metric: "client_connections_total", Label: "client", Help: "Connections of these, by the name of the client's key."},
	{Field: "Access.Refused", Key: "connections_refused", Metric: "connections_refused_total", Label: "reason",
		Known: metrics.Keys(transport.Refusals()...), Help: "Connections that were refused, by reason."},
	{Field: "Access.Revoked", Key: "connections_revoked", Metric: "connections_revoked_total",
		Help: "Connections that were cut since their clients are admitted no more."},
	{Field: "Limits.Accepted", Key: "connections", Metric: "connections_open", Help: "Connections that others have made to all ports."},
	{Field: "Limits.Refused", Key: "connections_over_limit", Metric: "connections_over_limit_total", Label: "limit",
		Known: metrics.Keys(transport.LimitSource, transport.LimitConnections, transport.LimitFiles, transport.LimitBusy), Help: "Connections that were closed as soon as they were there, by the limit that they met."},
	{Field: "Limits.Cut", Key: "connections_cut", Metric: "connections_cut_total", Label: "limit",
		Known: metrics.Keys(transport.LimitParts, transport.LimitProtocol), Help: "Connections that were cut for what came over them, by the limit that it met."},
}

// standing is how many publishers are in which state.
type standing struct{ ByState map[nameserver.State]int }

var standingCounters = metrics.Table{
	{Field: "ByState", Key: "publishers_by_state", Metric: "publishers_by_state", Label: "state",
		Help: "Publishers by state, also those that have withdrawn or are dead and have yet to be removed."},
}

// Parts of what Prometheus is told.
const (
	statsPart = iota
	standingPart
)

// newCollector tells Prometheus of the counters, and how it stands with the publishers.
func newCollector(stats func() nameserver.Stats, publishers func() iter.Seq[nameserver.Publisher]) *metrics.Collector {
	parts := []metrics.Part{statsPart: {Table: counters}, standingPart: {Table: standingCounters}}
	return metrics.NewCollector("posttroll_nameserver", parts, func() []metrics.Sample {
		return []metrics.Sample{{Part: statsPart, Stats: stats()}, {Part: standingPart, Stats: newStanding(publishers())}}
	})
}

func newStanding(publishers iter.Seq[nameserver.Publisher]) standing {
	all := standing{make(map[nameserver.State]int)}
	for _, state := range nameserver.States() {
		all.ByState[state] = 0
	}
	for p := range publishers {
		all.ByState[p.State]++
	}
	return all
}
