package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Whoever adds a counter to the relay has it shown here.
func TestEveryCounterIsShown(t *testing.T) {
	t.Parallel()
	if err := errors.Join(routeCounters.Check(relay.RouteStats{}), totalCounters.Check(relay.Stats{}, "Routes"), subjectCounters.Check(relay.SubjectStats{})); err != nil {
		t.Error(err)
	}
}

func sampleStats() relay.Stats {
	return relay.Stats{Publishers: 3, PublishersWanted: 4, Subscribers: 2, Routes: []relay.RouteStats{
		{
			Name: "gather", Received: 10, Kept: 6, Duplicates: 1, Dropped: map[string]uint64{"loop": 2, "too_old": 1}, Changed: 4, Sent: 5, Bytes: 3000,
			DelayP50: 20 * time.Millisecond, DelayP99: 3 * time.Second, Publishers: 3, PublishersWanted: 4, Subscribers: 2, Silent: 7,
			Loss: transport.LossStats{Unheard: 1, Overflows: 2, Episodes: 3, LostEstimate: 400, Slow: 1},
			Late: relay.LateStats{Kept: 8, KeptBytes: 800, Welcomed: 5, Replay: 9, ReplayBytes: 900, Replays: 6},
			Last: time.UnixMilli(1716000000500),
		},
		{Name: "idle", Paused: true},
	}}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	subjects := []relay.SubjectStats{{Prefix: "/viirs/sdr", Messages: 3, Bytes: 900, Received: time.UnixMilli(1716000000500), Written: time.UnixMilli(1716000000000)}}
	c := newCollector(sampleStats, func() []relay.SubjectStats { return subjects })
	want := `
# HELP posttroll_relay_messages_dropped_total Messages that were dropped, by reason.
# TYPE posttroll_relay_messages_dropped_total counter
posttroll_relay_messages_dropped_total{reason="bad_data",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="bad_data",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="bad_frame",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="bad_frame",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="bad_result",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="bad_result",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="dropped",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="dropped",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="heartbeat",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="heartbeat",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="loop",route="gather"} 2
posttroll_relay_messages_dropped_total{reason="loop",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="not_kept",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="not_kept",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="not_utf8",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="not_utf8",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="rate_limited",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="rate_limited",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="send_failed",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="send_failed",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="too_deep",route="gather"} 0
posttroll_relay_messages_dropped_total{reason="too_deep",route="idle"} 0
posttroll_relay_messages_dropped_total{reason="too_old",route="gather"} 1
posttroll_relay_messages_dropped_total{reason="too_old",route="idle"} 0
# HELP posttroll_relay_messages_received_total Messages that came from the source.
# TYPE posttroll_relay_messages_received_total counter
posttroll_relay_messages_received_total{route="gather"} 10
posttroll_relay_messages_received_total{route="idle"} 0
# HELP posttroll_relay_delay_p99_seconds Age that 99 of 100 messages had at most when they were sent, of the last one to two minutes.
# TYPE posttroll_relay_delay_p99_seconds gauge
posttroll_relay_delay_p99_seconds{route="gather"} 3
posttroll_relay_delay_p99_seconds{route="idle"} 0
# HELP posttroll_relay_last_sent_timestamp_seconds When the last message was sent; not there before there was one.
# TYPE posttroll_relay_last_sent_timestamp_seconds gauge
posttroll_relay_last_sent_timestamp_seconds{route="gather"} 1.7160000005e+09
# HELP posttroll_relay_route_paused Whether the route is paused.
# TYPE posttroll_relay_route_paused gauge
posttroll_relay_route_paused{route="gather"} 0
posttroll_relay_route_paused{route="idle"} 1
# HELP posttroll_relay_all_publishers_wanted Publishers that all sources together are to be connected to.
# TYPE posttroll_relay_all_publishers_wanted gauge
posttroll_relay_all_publishers_wanted 4
# HELP posttroll_relay_subject_messages_total Messages that came from all sources, by the first words of the subject.
# TYPE posttroll_relay_subject_messages_total counter
posttroll_relay_subject_messages_total{subject="/viirs/sdr"} 3
# HELP posttroll_relay_subject_newest_message_timestamp_seconds The latest time in the header of a message, no later than it came, by the first words of the subject.
# TYPE posttroll_relay_subject_newest_message_timestamp_seconds gauge
posttroll_relay_subject_newest_message_timestamp_seconds{subject="/viirs/sdr"} 1.716e+09
`
	err := testutil.CollectAndCompare(c, strings.NewReader(want), "posttroll_relay_messages_dropped_total", "posttroll_relay_messages_received_total",
		"posttroll_relay_delay_p99_seconds", "posttroll_relay_last_sent_timestamp_seconds", "posttroll_relay_route_paused", "posttroll_relay_all_publishers_wanted",
		"posttroll_relay_subject_messages_total", "posttroll_relay_subject_newest_message_timestamp_seconds")
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

// What a counter is as JSON and in the log depends on its type: one of each, and nothing twice.
func TestCountersAsJSON(t *testing.T) {
	t.Parallel()
	stats := sampleStats()
	text, err := json.Marshal((&server{}).shown(stats))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Publishers int
		Routes     []map[string]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Publishers != stats.Publishers || len(got.Routes) != 2 {
		t.Fatalf("got %s", text)
	}
	for _, route := range got.Routes {
		for _, key := range []string{"received_per_second", "sent_per_second", "bytes_per_second"} {
			if route[key] != 0.0 {
				t.Errorf("%s is %v", key, route[key])
			}
			delete(route, key)
		}
	}
	checkKeys(t, got.Routes[0], map[string]any{
		"route": "gather", "paused": false, "received": 10.0, "dropped": map[string]any{"loop": 2.0, "too_old": 1.0},
		"delay_p50_seconds": 0.02, "last": "2024-05-18T02:40:00.5Z", "publishers_wanted": 4.0, "lost_estimate": 400.0,
	})
	checkKeys(t, got.Routes[1], map[string]any{"paused": true, "received": 0.0, "dropped": map[string]any{}, "last": nil})
}

// checkKeys checks that all counters are there, and what some of them are.
func checkKeys(t *testing.T, got, want map[string]any) {
	t.Helper()
	if len(got) != len(routeCounters) {
		t.Errorf("%d counters of %d are shown", len(got), len(routeCounters))
	}
	for key, value := range want {
		if diff := cmp.Diff(value, got[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

func TestCountersInTheLog(t *testing.T) {
	t.Parallel()
	var got map[string]any
	if err := json.Unmarshal([]byte(encode(t, routeCounters.Log(sampleStats().Routes[0]))), &got); err != nil {
		t.Fatal(err)
	}
	checkKeys(t, got, map[string]any{
		"route": "gather", "paused": false, "received": 10.0, "dropped": map[string]any{"loop": 2.0, "too_old": 1.0},
		"delay_p50": "20ms", "last": "2024-05-18T02:40:00.500Z", "publishers_wanted": 4.0, "lost_estimate": 400.0,
	})
}

// encode writes fields as the JSON log does.
func encode(t *testing.T, fields []zap.Field) string {
	t.Helper()
	form := zapcore.EncoderConfig{
		EncodeDuration: zapcore.StringDurationEncoder,
		EncodeTime: func(at time.Time, enc zapcore.PrimitiveArrayEncoder) {
			zapcore.ISO8601TimeEncoder(at.UTC(), enc)
		},
	}
	buffer, err := zapcore.NewJSONEncoder(form).EncodeEntry(zapcore.Entry{}, fields)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(buffer.String())
}
