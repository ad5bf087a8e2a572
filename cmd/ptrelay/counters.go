package main

import (
	"github.com/pytroll/posttroll-go/pkg/metrics"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// routeCounters are all fields of [relay.RouteStats], in their order.
var routeCounters = metrics.Table{
	{Field: "Name", Key: "route"},
	{Field: "Paused", Key: "paused", Metric: "route_paused", Help: "Whether the route is paused."},
	{Field: "Received", Key: "received", Metric: "messages_received_total", Help: "Messages that came from the source."},
	{Field: "Kept", Key: "kept", Metric: "messages_kept_total", Help: "Messages of these that were let through."},
	{Field: "Duplicates", Key: "duplicates", Metric: "messages_duplicate_total", Help: "Messages that had come already, within the window."},
	{Field: "Dropped", Key: "dropped", Metric: "messages_dropped_total", Label: "reason", Known: relay.DropReasons(), Help: "Messages that were dropped, by reason."},
	{Field: "Changed", Key: "changed", Metric: "messages_changed_total", Help: "Messages that did not go out as they came in."},
	{Field: "Sent", Key: "sent", Metric: "messages_sent_total", Help: "Messages that were handed to the sink."},
	{Field: "Bytes", Key: "bytes", Metric: "sent_bytes_total", Help: "Bytes of the messages that were handed to the sink."},
	{Field: "DelayP50", Key: "delay_p50", Metric: "delay_p50_seconds",
		Help: "Age that half of the messages had at most when they were sent, of the last one to two minutes."},
	{Field: "DelayP99", Key: "delay_p99", Metric: "delay_p99_seconds",
		Help: "Age that 99 of 100 messages had at most when they were sent, of the last one to two minutes."},
	{Field: "Publishers", Key: "publishers", Metric: "publishers_connected", Help: "Publishers that the source is connected to."},
	{Field: "PublishersWanted", Key: "publishers_wanted", Metric: "publishers_wanted", Help: "Publishers that the source is to be connected to."},
	{Field: "Missing", Key: "missing"},
	{Field: "Subscribers", Key: "subscribers", Metric: "subscribers_connected", Help: "Subscribers that are connected to the sink."},
	{Field: "Silent", Key: "silent", Metric: "publishers_silent_total", Help: "Times that a publisher was connected to anew since it was not heard for too long."},
	{Field: "Loss.Unheard", Key: "unheard", Metric: "messages_unheard_total", Help: "Messages that went to the sink while nobody had subscribed to anything."},
	{Field: "Loss.Overflows", Key: "overflows", Metric: "subscriber_overflows_total",
		Help: "Times that a message met the full queue of a subscriber that had had room before."},
	{Field: "Loss.Episodes", Key: "slow_episodes", Metric: "subscriber_slow_episodes_total", Help: "Times that a subscriber fell behind by more than its queue."},
	{Field: "Loss.LostEstimate", Key: "lost_estimate", Metric: "messages_lost_estimate_total", Help: "Estimate of the messages that slow subscribers did not get."},
	{Field: "Loss.Slow", Key: "slow_subscribers", Metric: "subscribers_slow", Help: "Subscribers that are behind by more than their queue."},
	{Field: "Late.Kept", Key: "kept_last", Metric: "last_messages_kept", Help: "Subjects whose last message is kept for subscribers that have just come."},
	{Field: "Late.KeptBytes", Key: "kept_last_bytes", Metric: "last_messages_kept_bytes", Help: "Bytes of the last messages that are kept."},
	{Field: "Late.Welcomed", Key: "welcomed", Metric: "last_messages_given_total", Help: "Topics of subscribers that were given the last message when they came."},
	{Field: "Late.Replay", Key: "replay", Metric: "replay_messages_kept", Help: "Messages that are kept for the replay."},
	{Field: "Late.ReplayBytes", Key: "replay_bytes", Metric: "replay_kept_bytes", Help: "Bytes of the messages that are kept for the replay."},
	{Field: "Late.Replays", Key: "replays", Metric: "replays_given_total", Help: "Topics of subscribers that were given a replay."},
	{Field: "Names", Key: "names", Metric: "services_announced", Help: "Names of publishers that the sink is announced under besides its own."},
	{Field: "NamesLeftOut", Key: "names_left_out", Metric: "services_left_out", Help: "Names of publishers that announcements have no room for."},
	{Field: "Ports", Key: "ports", Metric: "sink_ports", Help: "Ports that the sink is bound to."},
	{Field: "ForgottenEarly", Key: "forgotten_early", Metric: "loop_messages_forgotten_early_total",
		Help: "Messages that the memory of loops forgot before the loop window was over."},
	{Field: "Last", Key: "last", Metric: "last_sent_timestamp_seconds", Help: "When the last message was sent; not there before there was one."},
}

// totalCounters are all fields of [relay.Stats] but the routes.
var totalCounters = metrics.Table{
	{Field: "Publishers", Key: "publishers", Metric: "all_publishers_connected", Help: "Publishers that all sources together are connected to."},
	{Field: "PublishersWanted", Key: "publishers_wanted", Metric: "all_publishers_wanted", Help: "Publishers that all sources together are to be connected to."},
	{Field: "Subscribers", Key: "subscribers", Metric: "all_subscribers_connected", Help: "Subscribers that are connected to all sinks together."},
	{Field: "Silent", Key: "silent", Metric: "all_publishers_silent_total",
		Help: "Times that a publisher was connected to anew since it was not heard for too long, each source once."},
	{Field: "Loss.Unheard", Key: "unheard", Metric: "all_messages_unheard_total", Help: "Messages that went to a sink while nobody had subscribed to anything, each sink once."},
	{Field: "Loss.Overflows", Key: "overflows", Metric: "all_subscriber_overflows_total",
		Help: "Times that a message met the full queue of a subscriber that had had room before, each sink once."},
	{Field: "Loss.Episodes", Key: "slow_episodes", Metric: "all_subscriber_slow_episodes_total",
		Help: "Times that a subscriber fell behind by more than its queue, each sink once."},
	{Field: "Loss.LostEstimate", Key: "lost_estimate", Metric: "all_messages_lost_estimate_total",
		Help: "Estimate of the messages that slow subscribers did not get, each sink once."},
	{Field: "Loss.Slow", Key: "slow_subscribers", Metric: "all_subscribers_slow", Help: "Subscribers that are behind by more than their queue, each sink once."},
	{Field: "Limits.Accepted", Key: "connections", Metric: "connections_open", Help: "Connections that others have made to all sinks."},
	{Field: "Limits.Refused", Key: "connections_over_limit", Metric: "connections_over_limit_total", Label: "limit",
		Known: metrics.Keys(transport.LimitSource, transport.LimitConnections, transport.LimitFiles, transport.LimitBusy), Help: "Connections that were closed as soon as they were there, by the limit that they met."},
	{Field: "Limits.Cut", Key: "connections_cut", Metric: "connections_cut_total", Label: "limit",
		Known: metrics.Keys(transport.LimitParts, transport.LimitProtocol), Help: "Connections that were cut for what came over them, by the limit that it met."},
}

// subjectCounters are all fields of [relay.SubjectStats].
var subjectCounters = metrics.Table{
	{Field: "Prefix", Key: "subject"},
	{Field: "Messages", Key: "messages", Metric: "subject_messages_total", Help: "Messages that came from all sources, by the first words of the subject."},
	{Field: "Bytes", Key: "bytes", Metric: "subject_bytes_total", Help: "Bytes of the messages that came from all sources, by the first words of the subject."},
	{Field: "Received", Key: "received", Metric: "subject_last_received_timestamp_seconds", Help: "When the last message came, by the first words of the subject."},
	{Field: "Written", Key: "written", Metric: "subject_newest_message_timestamp_seconds",
		Help: "The latest time in the header of a message, no later than it came, by the first words of the subject."},
}

// logCounters writes the counters of every route into the log, and those of all.
func (s *server) logCounters() {
	stats := s.relay.Stats()
	for _, route := range stats.Routes {
		s.log.Info("counters", routeCounters.Log(route)...)
	}
	s.log.Info("counters of all routes", totalCounters.Log(stats)...)
}

// shown are the counters of the relay as they are written as JSON, and the rates of its routes.
func (s *server) shown(stats relay.Stats) map[string]any {
	routes := []map[string]any{}
	for _, route := range stats.Routes {
		one := routeCounters.JSON(route)
		received, sent := s.rates.route(route.Name)
		one["received_per_second"], one["sent_per_second"], one["bytes_per_second"] = received, sent.messages, sent.bytes
		routes = append(routes, one)
	}
	all := totalCounters.JSON(stats)
	all["routes"] = routes
	return all
}

// Parts of what Prometheus is told.
const (
	totalPart = iota
	routePart
	subjectPart
)

// newCollector tells Prometheus of the counters.
func newCollector(stats func() relay.Stats, subjects func() []relay.SubjectStats) *metrics.Collector {
	parts := []metrics.Part{
		totalPart: {Table: totalCounters}, routePart: {Table: routeCounters, Labels: []string{"route"}},
		subjectPart: {Table: subjectCounters, Labels: []string{"subject"}},
	}
	return metrics.NewCollector("posttroll_relay", parts, func() []metrics.Sample {
		all := stats()
		samples := []metrics.Sample{{Part: totalPart, Stats: all}}
		for _, route := range all.Routes {
			samples = append(samples, metrics.Sample{Part: routePart, Stats: route, Labels: []string{route.Name}})
		}
		for _, subject := range subjects() {
			samples = append(samples, metrics.Sample{Part: subjectPart, Stats: subject, Labels: []string{subject.Prefix}})
		}
		return samples
	})
}
