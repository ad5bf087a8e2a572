package metrics_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/metrics"
)

type cause string

type inner struct{ Slow int }

// stats has a field of each kind.
type stats struct {
	Name    string
	Away    []string
	Count   uint64
	Open    int
	Share   float64
	Paused  bool
	Delay   time.Duration
	Last    time.Time
	ByCause map[cause]uint64
	ByKind  map[string]int
	Loss    inner
}

var table = metrics.Table{
	{Field: "Name", Key: "name"},
	{Field: "Away", Key: "away"},
	{Field: "Count", Key: "count", Metric: "messages_total", Help: "Messages."},
	{Field: "Open", Key: "open", Metric: "connections", Help: "Connections."},
	{Field: "Share", Key: "share", Metric: "used_ratio", Help: "Share."},
	{Field: "Paused", Key: "paused", Metric: "paused", Help: "Whether it is paused."},
	{Field: "Delay", Key: "delay", Metric: "delay_seconds", Help: "Delay."},
	{Field: "Last", Key: "last", Metric: "last_timestamp_seconds", Help: "When the last one came."},
	{Field: "ByCause", Key: "by_cause", Metric: "refused_total", Label: "cause", Known: metrics.Keys[cause]("uri", "late"), Help: "Refused, by cause."},
	{Field: "ByKind", Key: "by_kind", Metric: "publishers", Label: "kind", Help: "Publishers, by kind."},
	{Field: "Loss.Slow", Key: "slow", Metric: "slow", Help: "Slow ones."},
}

func sample() stats {
	return stats{
		Name: "a", Count: 3, Open: 2, Share: 0.5, Paused: true, Delay: 1500 * time.Millisecond, Last: time.UnixMilli(1716000000500),
		ByCause: map[cause]uint64{"uri": 4, "b\xffd": 1}, ByKind: map[string]int{"plain": 7}, Loss: inner{Slow: 1},
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		table   metrics.Table
		unshown []string
		want    string
	}{
		{"all", table, nil, ""},
		{"one is missing", table[1:], nil, "no line shows metrics_test.stats.Name"},
		{"one need not be shown", table[1:], []string{"Name"}, ""},
		{"one within a struct is missing", table[:len(table)-1], nil, "no line shows metrics_test.stats.Loss.Slow"},
		{"one is of the past", append(metrics.Table{{Field: "Gone"}}, table...), nil, "metrics_test.stats has no field Gone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := tt.table.Check(stats{}, tt.unshown...); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func collector(all ...stats) *metrics.Collector {
	return metrics.NewCollector("x", []metrics.Part{{Table: table, Labels: []string{"route"}}}, func() []metrics.Sample {
		var samples []metrics.Sample
		for _, s := range all {
			samples = append(samples, metrics.Sample{Stats: s, Labels: []string{s.Name}})
		}
		return samples
	})
}

func TestCollector(t *testing.T) {
	t.Parallel()
	want := `
# HELP x_connections Connections.
# TYPE x_connections gauge
x_connections{route=""} 0
x_connections{route="a"} 2
# HELP x_delay_seconds Delay.
# TYPE x_delay_seconds gauge
x_delay_seconds{route=""} 0
x_delay_seconds{route="a"} 1.5
# HELP x_last_timestamp_seconds When the last one came.
# TYPE x_last_timestamp_seconds gauge
x_last_timestamp_seconds{route="a"} 1.7160000005e+09
# HELP x_messages_total Messages.
# TYPE x_messages_total counter
x_messages_total{route=""} 0
x_messages_total{route="a"} 3
# HELP x_paused Whether it is paused.
# TYPE x_paused gauge
x_paused{route=""} 0
x_paused{route="a"} 1
# HELP x_publishers Publishers, by kind.
# TYPE x_publishers gauge
x_publishers{kind="plain",route="a"} 7
# HELP x_refused_total Refused, by cause.
# TYPE x_refused_total counter
x_refused_total{cause="b�d",route="a"} 1
x_refused_total{cause="late",route=""} 0
x_refused_total{cause="late",route="a"} 0
x_refused_total{cause="uri",route=""} 0
x_refused_total{cause="uri",route="a"} 4
# HELP x_slow Slow ones.
# TYPE x_slow gauge
x_slow{route=""} 0
x_slow{route="a"} 1
# HELP x_used_ratio Share.
# TYPE x_used_ratio gauge
x_used_ratio{route=""} 0
x_used_ratio{route="a"} 0.5
`
	c := collector(sample(), stats{})
	if err := testutil.CollectAndCompare(c, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if err := prometheus.NewPedanticRegistry().Register(c); err != nil {
		t.Error(err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		stats stats
		want  string
	}{
		{"all", sample(), `{"away":[],"by_cause":{"b\ufffdd":1,"uri":4},"by_kind":{"plain":7},"count":3,"delay_seconds":1.5,"last":"2024-05-18T02:40:00.5Z",` +
			`"name":"a","open":2,"paused":true,"share":0.5,"slow":1}`},
		{"nothing", stats{}, `{"away":[],"by_cause":{},"by_kind":{},"count":0,"delay_seconds":0,"last":null,"name":"","open":0,"paused":false,"share":0,"slow":0}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(table.JSON(tt.stats))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	form := zapcore.EncoderConfig{EncodeDuration: zapcore.StringDurationEncoder, EncodeTime: zapcore.EpochTimeEncoder}
	for _, tt := range []struct {
		name  string
		stats stats
		want  string
	}{
		{"all", sample(), `{"name":"a","away":[],"count":3,"open":2,"share":0.5,"paused":true,"delay":"1.5s","last":1716000000.5,"by_cause":{"b\ufffdd":1,"uri":4},` +
			`"by_kind":{"plain":7},"slow":1}`},
		{"nothing", stats{}, `{"name":"","away":[],"count":0,"open":0,"share":0,"paused":false,"delay":"0s","by_cause":{},"by_kind":{},"slow":0}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := zapcore.NewJSONEncoder(form).EncodeEntry(zapcore.Entry{}, table.Log(tt.stats))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, strings.TrimSpace(got.String())); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What a collector gets wrong, here the same labels twice, does not keep the rest from being served.
func TestHandler(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(metrics.Handler("1.2.3", collector(sample(), sample())))
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", res.Status, err)
	}
	for _, want := range []string{"\nposttroll_build_info{version=\"1.2.3\"} 1\n", "\nprocess_open_fds ", "\ngo_goroutines ", "\nx_messages_total{route=\"a\"} 3\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %q", want)
		}
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
}

// unread is a peer that does not take its answer until it is let go.
type unread struct {
	httptest.ResponseRecorder
	waits chan<- struct{}
	let   <-chan struct{}
}

func (u *unread) Write([]byte) (int, error) {
	u.waits <- struct{}{}
	<-u.let
	return 0, io.ErrClosedPipe
}

// Who does not read answers keeps nobody from getting one.
func TestUnreadAnswers(t *testing.T) {
	t.Parallel()
	h := metrics.Handler("1.2.3")
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	waits, let := make(chan struct{}), make(chan struct{})
	var peers sync.WaitGroup
	defer peers.Wait()
	defer close(let)
	for range 20 {
		peers.Go(func() {
			h.ServeHTTP(&unread{ResponseRecorder: *httptest.NewRecorder(), waits: waits, let: let}, request)
		})
		<-waits // one after the other: no more than four are made at a time
	}
	got := httptest.NewRecorder()
	h.ServeHTTP(got, request)
	if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "posttroll_build_info") {
		t.Errorf("status %d, %.100s", got.Code, got.Body)
	}
}
