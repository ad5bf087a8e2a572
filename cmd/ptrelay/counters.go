package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/relay"
)

// counter says how a field of [relay.RouteStats] or [relay.Stats] is shown: in the log, as JSON, and to Prometheus.
type counter struct {
	field string // of the struct; within one of its structs as "Loss.Slow"
	key   string // in the log and in JSON
	// metric is the name for Prometheus, behind "posttroll_relay_"; empty: there is none. A map is a metric with a label for its keys.
	metric string
	label  string
	help   string
}

// routeCounters are all fields of [relay.RouteStats], in their order.
var routeCounters = []counter{
	{field: "Name", key: "route"},
	{field: "Paused", key: "paused", metric: "route_paused", help: "Whether the route is paused."},
	{field: "Received", key: "received", metric: "messages_received_total", help: "Messages that came from the source."},
	{field: "Kept", key: "kept", metric: "messages_kept_total", help: "Messages of these that were let through."},
	{field: "Duplicates", key: "duplicates", metric: "messages_duplicate_total", help: "Messages that had come already, within the window."},
	{field: "Dropped", key: "dropped", metric: "messages_dropped_total", label: "reason", help: "Messages that were dropped, by reason."},
	{field: "Changed", key: "changed", metric: "messages_changed_total", help: "Messages that did not go out as they came in."},
	{field: "Sent", key: "sent", metric: "messages_sent_total", help: "Messages that were handed to the sink."},
	{field: "Bytes", key: "bytes", metric: "sent_bytes_total", help: "Bytes of the messages that were handed to the sink."},
	{field: "DelayP50", key: "delay_p50", metric: "delay_p50_seconds",
		help: "Age that half of the messages had at most when they were sent, of the last one to two minutes."},
	{field: "DelayP99", key: "delay_p99", metric: "delay_p99_seconds",
		help: "Age that 99 of 100 messages had at most when they were sent, of the last one to two minutes."},
	{field: "Publishers", key: "publishers", metric: "publishers_connected", help: "Publishers that the source is connected to."},
	{field: "PublishersWanted", key: "publishers_wanted", metric: "publishers_wanted", help: "Publishers that the source is to be connected to."},
	{field: "Missing", key: "missing"},
	{field: "Subscribers", key: "subscribers", metric: "subscribers_connected", help: "Subscribers that are connected to the sink."},
	{field: "Silent", key: "silent", metric: "publishers_silent_total", help: "Times that a publisher was connected to anew since it was not heard for too long."},
	{field: "Loss.Unheard", key: "unheard", metric: "messages_unheard_total", help: "Messages that went to the sink while nobody had subscribed to anything."},
	{field: "Loss.Overflows", key: "overflows", metric: "subscriber_overflows_total",
		help: "Times that a message met the full queue of a subscriber that had had room before."},
	{field: "Loss.Episodes", key: "slow_episodes", metric: "subscriber_slow_episodes_total", help: "Times that a subscriber fell behind by more than its queue."},
	{field: "Loss.LostEstimate", key: "lost_estimate", metric: "messages_lost_estimate_total", help: "Estimate of the messages that slow subscribers did not get."},
	{field: "Loss.Slow", key: "slow_subscribers", metric: "subscribers_slow", help: "Subscribers that are behind by more than their queue."},
	{field: "Late.Kept", key: "kept_last", metric: "last_messages_kept", help: "Subjects whose last message is kept for subscribers that have just come."},
	{field: "Late.KeptBytes", key: "kept_last_bytes", metric: "last_messages_kept_bytes", help: "Bytes of the last messages that are kept."},
	{field: "Late.Welcomed", key: "welcomed", metric: "last_messages_given_total", help: "Topics of subscribers that were given the last message when they came."},
	{field: "Late.Replay", key: "replay", metric: "replay_messages_kept", help: "Messages that are kept for the replay."},
	{field: "Late.ReplayBytes", key: "replay_bytes", metric: "replay_kept_bytes", help: "Bytes of the messages that are kept for the replay."},
	{field: "Late.Replays", key: "replays", metric: "replays_given_total", help: "Topics of subscribers that were given a replay."},
	{field: "Names", key: "names", metric: "services_announced", help: "Names of publishers that the sink is announced under besides its own."},
	{field: "NamesLeftOut", key: "names_left_out", metric: "services_left_out", help: "Names of publishers that announcements have no room for."},
	{field: "Ports", key: "ports", metric: "sink_ports", help: "Ports that the sink is bound to."},
	{field: "ForgottenEarly", key: "forgotten_early", metric: "loop_messages_forgotten_early_total",
		help: "Messages that the memory of loops forgot before the loop window was over."},
	{field: "Last", key: "last", metric: "last_sent_timestamp_seconds", help: "When the last message was sent; not there before there was one."},
}

// totalCounters are all fields of [relay.Stats] but the routes.
var totalCounters = []counter{
	{field: "Publishers", key: "publishers", metric: "all_publishers_connected", help: "Publishers that all sources together are connected to."},
	{field: "PublishersWanted", key: "publishers_wanted", metric: "all_publishers_wanted", help: "Publishers that all sources together are to be connected to."},
	{field: "Subscribers", key: "subscribers", metric: "all_subscribers_connected", help: "Subscribers that are connected to all sinks together."},
	{field: "Silent", key: "silent", metric: "all_publishers_silent_total",
		help: "Times that a publisher was connected to anew since it was not heard for too long, each source once."},
	{field: "Loss.Unheard", key: "unheard", metric: "all_messages_unheard_total", help: "Messages that went to a sink while nobody had subscribed to anything, each sink once."},
	{field: "Loss.Overflows", key: "overflows", metric: "all_subscriber_overflows_total",
		help: "Times that a message met the full queue of a subscriber that had had room before, each sink once."},
	{field: "Loss.Episodes", key: "slow_episodes", metric: "all_subscriber_slow_episodes_total",
		help: "Times that a subscriber fell behind by more than its queue, each sink once."},
	{field: "Loss.LostEstimate", key: "lost_estimate", metric: "all_messages_lost_estimate_total",
		help: "Estimate of the messages that slow subscribers did not get, each sink once."},
	{field: "Loss.Slow", key: "slow_subscribers", metric: "all_subscribers_slow", help: "Subscribers that are behind by more than their queue, each sink once."},
}

// value returns the field of stats that c is about.
func (c counter) value(stats any) any {
	v := reflect.ValueOf(stats)
	for name := range strings.SplitSeq(c.field, ".") {
		v = v.FieldByName(name)
	}
	return v.Interface()
}

// logCounters writes the counters of every route into the log.
func (s *server) logCounters() {
	for _, route := range s.relay.Stats().Routes {
		s.log.Info("counters", logged(route)...)
	}
}

// logged returns what the log tells of a route.
func logged(stats relay.RouteStats) []zap.Field {
	var fields []zap.Field
	for _, c := range routeCounters {
		switch v := c.value(stats).(type) {
		case map[string]uint64:
			fields = append(fields, zap.Dict(c.key, loggedMap(v)...))
		case time.Time:
			if !v.IsZero() {
				fields = append(fields, zap.Time(c.key, v))
			}
		default:
			fields = append(fields, zap.Any(c.key, v))
		}
	}
	return fields
}

func loggedMap(m map[string]uint64) []zap.Field {
	var fields []zap.Field
	for _, key := range slices.Sorted(maps.Keys(m)) {
		fields = append(fields, zap.Uint64(key, m[key]))
	}
	return fields
}

// shown are the counters of the relay as they are written as JSON.
func shown(stats relay.Stats) map[string]any {
	routes := []map[string]any{}
	for _, route := range stats.Routes {
		routes = append(routes, shownAs(routeCounters, route))
	}
	all := shownAs(totalCounters, stats)
	all["routes"] = routes
	return all
}

// shownAs returns the counters of a struct by their keys: durations in seconds, a time that is none as null.
func shownAs(list []counter, stats any) map[string]any {
	values := make(map[string]any)
	for _, c := range list {
		switch v := c.value(stats).(type) {
		case time.Duration:
			values[c.key+"_seconds"] = v.Seconds()
		case time.Time:
			values[c.key] = nil
			if !v.IsZero() {
				values[c.key] = v.UTC()
			}
		case map[string]uint64:
			values[c.key] = v
			if v == nil {
				values[c.key] = map[string]uint64{}
			}
		case []string:
			values[c.key] = append([]string{}, v...)
		default:
			values[c.key] = v
		}
	}
	return values
}

// namespace is what the names of all metrics begin with.
const namespace = "posttroll_relay"

// collector tells Prometheus of the counters.
type collector struct {
	stats         func() relay.Stats
	routes, total []*prometheus.Desc // of the counters of the same places; nil: no metric
}

var _ prometheus.Collector = (*collector)(nil)

func newCollector(stats func() relay.Stats) *collector {
	c := &collector{stats: stats}
	for _, one := range routeCounters {
		c.routes = append(c.routes, one.desc("route"))
	}
	for _, one := range totalCounters {
		c.total = append(c.total, one.desc())
	}
	return c
}

func (c counter) desc(labels ...string) *prometheus.Desc {
	if c.metric == "" {
		return nil
	}
	if c.label != "" {
		labels = append(labels, c.label)
	}
	return prometheus.NewDesc(namespace+"_"+c.metric, c.help, labels, nil)
}

// Describe tells which metrics there are.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range slices.Concat(c.routes, c.total) {
		if desc != nil {
			descs <- desc
		}
	}
}

// Collect tells what they are now.
func (c *collector) Collect(metrics chan<- prometheus.Metric) {
	stats := c.stats()
	for i, one := range totalCounters {
		one.collect(metrics, c.total[i], stats)
	}
	for _, route := range stats.Routes {
		for i, one := range routeCounters {
			one.collect(metrics, c.routes[i], route, route.Name)
		}
	}
}

func (c counter) collect(metrics chan<- prometheus.Metric, desc *prometheus.Desc, stats any, labels ...string) {
	if desc == nil {
		return
	}
	send := func(kind prometheus.ValueType, value float64, more ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, kind, value, append(slices.Clone(labels), more...)...)
	}
	switch v := c.value(stats).(type) {
	case uint64:
		send(prometheus.CounterValue, float64(v))
	case map[string]uint64:
		for key, n := range v {
			send(prometheus.CounterValue, float64(n), key)
		}
	case int:
		send(prometheus.GaugeValue, float64(v))
	case bool:
		value := 0.0
		if v {
			value = 1
		}
		send(prometheus.GaugeValue, value)
	case time.Duration:
		send(prometheus.GaugeValue, v.Seconds())
	case time.Time:
		if !v.IsZero() {
			send(prometheus.GaugeValue, float64(v.UnixMilli())/1000)
		}
	default:
		panic(fmt.Sprintf("ptrelay: no metric for %s, a %T", c.field, v))
	}
}
