package main

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Whoever adds a counter to the nameserver has it shown here.
func TestEveryCounterIsShown(t *testing.T) {
	t.Parallel()
	if err := errors.Join(counters.Check(nameserver.Stats{}), standingCounters.Check(standing{})); err != nil {
		t.Error(err)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	publishers := slices.Values([]nameserver.Publisher{{State: nameserver.Live}, {State: nameserver.Silent}, {State: nameserver.Live}})
	c := newCollector(func() nameserver.Stats {
		return nameserver.Stats{
			Publishers: 3, PublishersBy: map[transport.Backend]int{transport.Plain: 2, transport.Secure: 1}, Lookups: 7,
			Refused: map[string]uint64{"too_long": 4}, Access: transport.AccessStats{Refused: map[transport.Refusal]uint64{transport.RefusedKey: 5}},
			FollowersBy: map[transport.Backend]int{transport.Plain: 6},
		}
	}, func() iter.Seq[nameserver.Publisher] { return publishers })
	want := `
# HELP posttroll_nameserver_announcements_refused_total Announcements that were refused, by reason.
# TYPE posttroll_nameserver_announcements_refused_total counter
posttroll_nameserver_announcements_refused_total{reason="backend"} 0
posttroll_nameserver_announcements_refused_total{reason="data"} 0
posttroll_nameserver_announcements_refused_total{reason="foreign_change"} 0
posttroll_nameserver_announcements_refused_total{reason="foreign_host"} 0
posttroll_nameserver_announcements_refused_total{reason="foreign_withdrawal"} 0
posttroll_nameserver_announcements_refused_total{reason="multipart"} 0
posttroll_nameserver_announcements_refused_total{reason="not_a_message"} 0
posttroll_nameserver_announcements_refused_total{reason="not_strict"} 0
posttroll_nameserver_announcements_refused_total{reason="service"} 0
posttroll_nameserver_announcements_refused_total{reason="source_full"} 0
posttroll_nameserver_announcements_refused_total{reason="table_full"} 0
posttroll_nameserver_announcements_refused_total{reason="too_long"} 4
posttroll_nameserver_announcements_refused_total{reason="too_many"} 0
posttroll_nameserver_announcements_refused_total{reason="too_many_changes"} 0
posttroll_nameserver_announcements_refused_total{reason="uri"} 0
posttroll_nameserver_announcements_refused_total{reason="version"} 0
# HELP posttroll_nameserver_connections_refused_total Connections that were refused, by reason.
# TYPE posttroll_nameserver_connections_refused_total counter
posttroll_nameserver_connections_refused_total{reason="address_not_admitted"} 0
posttroll_nameserver_connections_refused_total{reason="gate_unreadable"} 0
posttroll_nameserver_connections_refused_total{reason="handshake_timeout"} 0
posttroll_nameserver_connections_refused_total{reason="key_not_admitted"} 5
posttroll_nameserver_connections_refused_total{reason="other_mechanism"} 0
posttroll_nameserver_connections_refused_total{reason="protocol_error"} 0
posttroll_nameserver_connections_refused_total{reason="wrong_server_key"} 0
# HELP posttroll_nameserver_feed_subscribers_connected Subscribers that are connected to the change feed, by the backend of its port.
# TYPE posttroll_nameserver_feed_subscribers_connected gauge
posttroll_nameserver_feed_subscribers_connected{backend="unsecure_zmq"} 6
# HELP posttroll_nameserver_lookups_total Lookups that were answered.
# TYPE posttroll_nameserver_lookups_total counter
posttroll_nameserver_lookups_total 7
# HELP posttroll_nameserver_publishers Publishers that are listed, by backend.
# TYPE posttroll_nameserver_publishers gauge
posttroll_nameserver_publishers{backend="secure_zmq"} 1
posttroll_nameserver_publishers{backend="unsecure_zmq"} 2
# HELP posttroll_nameserver_publishers_by_state Publishers by state, also those that have withdrawn or are dead and have yet to be removed.
# TYPE posttroll_nameserver_publishers_by_state gauge
posttroll_nameserver_publishers_by_state{state="dead"} 0
posttroll_nameserver_publishers_by_state{state="live"} 2
posttroll_nameserver_publishers_by_state{state="silent"} 1
posttroll_nameserver_publishers_by_state{state="unconfirmed"} 0
posttroll_nameserver_publishers_by_state{state="withdrawn"} 0
`
	err := testutil.CollectAndCompare(c, strings.NewReader(want), "posttroll_nameserver_announcements_refused_total", "posttroll_nameserver_connections_refused_total",
		"posttroll_nameserver_feed_subscribers_connected", "posttroll_nameserver_lookups_total", "posttroll_nameserver_publishers",
		"posttroll_nameserver_publishers_by_state")
	if err != nil {
		t.Error(err)
	}
	// Names and help texts follow Prometheus' own rules, and the registry takes them.
	problems, err := testutil.CollectAndLint(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err := prometheus.NewPedanticRegistry().Register(c); err != nil {
		t.Error(err)
	}
}
