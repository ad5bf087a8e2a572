package relay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

var noon = time.Date(2024, 5, 17, 12, 0, 0, 0, time.UTC)

// fate writes an explanation in short.
func fate(e relay.Explanation) string {
	var s strings.Builder
	s.WriteString(e.Route + ": " + string(e.Fate))
	if e.Reason != "" {
		s.WriteString(" " + e.Reason)
	}
	if e.Step != 0 {
		fmt.Fprintf(&s, " by %d (%s)", e.Step, e.Kind)
	}
	for _, by := range e.ChangedBy {
		fmt.Fprintf(&s, ", %d (%s)", by.Number, by.Kind)
	}
	for _, c := range e.Changes {
		fmt.Fprintf(&s, "; %s %s %v -> %v", c.Part, c.Path, c.Before, c.After)
	}
	return s.String()
}

func explainer(t *testing.T, cfg relay.Config, names ...string) *relay.Explainer {
	t.Helper()
	e, err := relay.NewExplainer(cfg, names...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Each way that a message can take, one after the other, with the memory of the route.
func TestExplain(t *testing.T) {
	t.Parallel()
	a := route("a", 9100, uri(1, 9000))
	a.Source.Topics = []string{"/prod"}
	a.Duplicates = &dedup.Config{By: dedup.ByUID, Window: time.Minute}
	a.Sink.Heartbeat = 10 * time.Second
	a.Steps = []step.Config{
		{Drop: &step.Match{Type: []string{"del"}}},
		{Keep: &step.Match{Field: []step.Field{{Path: "uid", Exists: new(true)}}}},
		{Rename: &step.Rename{Prefix: map[string]string{"/prod": "/test"}}},
		{Set: map[string]any{"uri": "x", "new.y": int64(1)}},
		{Remove: []string{"extra"}},
		{MaxAge: 3 * time.Hour},
		{RateLimit: &step.RateLimit{Messages: 2, Per: time.Hour}},
	}
	e := explainer(t, configOf(a))
	changed := "; subject  /prod -> /test; data uri ssh://h/%[1]s -> x; data new <nil> -> {\"y\": 1}"
	for i, tt := range []struct {
		frame string
		after time.Duration
		want  string
	}{
		{file("/prod", "h", "1"), 0, "a: sent, 3 (rename), 4 (set)" + fmt.Sprintf(changed, "1")},
		{file("/prod", "h", "1"), time.Second, "a: dropped duplicate"},
		{file("/prod", "h", "1"), 2 * time.Minute, "a: sent, 3 (rename), 4 (set)" + fmt.Sprintf(changed, "1")}, // memory of loops, too, is of a minute
		{file("/prod", "h", "2"), 2 * time.Minute, "a: dropped rate_limited by 7 (rate_limit), 3 (rename), 4 (set)"},
		{file("/prod", "h", "3"), 4 * time.Hour, "a: dropped too_old by 6 (max_age), 3 (rename), 4 (set)"},
		{file("/other", "h", "4"), 4 * time.Hour, "a: not_subscribed"},
		{"no message", 4 * time.Hour, "a: not_subscribed"},
		{text("/prod", "1"), 4 * time.Hour, "a: dropped not_kept by 2 (keep)"},
		{text("/prod", "1"), 4 * time.Hour, "a: dropped loop"},
		{strings.Replace(file("/prod", "h", "5"), "file", "del", 1), 4 * time.Hour, "a: dropped dropped by 1 (drop)"},
		{"pytroll://prod file u@h notime v1.01", 4 * time.Hour, "a: dropped bad_time"},
		{"pytroll://prod file u@h 2024-05-17T09:41:12 v1.01 application/json {", 4 * time.Hour, "a: dropped bad_data by 2 (keep)"},
		{"pytroll://prod f\xe9 u@h 2024-05-17T09:41:12 v1.01", 4 * time.Hour, "a: dropped not_utf8"},
	} {
		got := e.Explain([]byte(tt.frame), transport.Endpoint{}, noon.Add(-2*time.Hour+tt.after))
		if len(got) != 1 || fate(got[0]) != tt.want {
			t.Errorf("%d: got %s, want %s", i+1, fate(got[0]), tt.want)
		}
		if (got[0].Fate == relay.Sent) != (got[0].Frame != nil) || strings.HasPrefix(got[0].Reason, "bad_") != (got[0].Err != nil) {
			t.Errorf("%d: got %+v", i+1, got[0])
		}
	}
	beat := "pytroll://heartbeat/x beat u@h 2024-05-17T09:41:12 v1.01"
	a.Source.Topics = nil
	if got := explainer(t, configOf(a)).Explain([]byte(beat), transport.Endpoint{}, noon); got[0].Reason != "heartbeat" {
		t.Errorf("got %s", fate(got[0]))
	}
}

// Several routes: shared sinks, groups, those that are paused, and a choice of them.
func TestExplainRoutes(t *testing.T) {
	t.Parallel()
	a, b, c, lax := route("a", 9100, uri(1, 9000)), route("b", 0, uri(2, 9000)), route("c", 9101, uri(1, 9000)), route("lax", 0, uri(1, 9000))
	a.LoopGroup, b.LoopGroup = "g", "g"
	b.Sink = relay.SinkConfig{SameAs: "a"}
	c.Paused = true
	lax.Lax, lax.Source.Translate, lax.Sink.Port = true, true, 9102
	cfg := configOf(a, b, c, lax)
	from, err := transport.ParseEndpoint("tcp://10.0.0.7:9000")
	if err != nil {
		t.Fatal(err)
	}
	fates := func(got []relay.Explanation) (all []string) {
		for _, e := range got {
			all = append(all, fate(e))
		}
		return all
	}
	e := explainer(t, cfg)
	want := []string{"a: sent", "b: dropped loop", "c: paused", "lax: sent; sender  x@y -> x@10.0.0.7"}
	frame := []byte("pytroll://a info x@y 2024-05-17T09:41:12 v1.01")
	got := e.Explain(frame, from, noon)
	if diff := cmp.Diff(want, fates(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(relay.SinkPlace{Service: "a", Address: "tcp://*:9100", SharedWith: []string{"b"}}, got[0].Sink); diff != "" {
		t.Errorf("sink (-want +got):\n%s", diff)
	}
	bad := e.Explain([]byte("pytroll://a x"), from, noon)
	if diff := cmp.Diff([]string{"a: dropped bad_sender", "b: dropped bad_sender", "c: paused", "lax: sent"}, fates(bad)); diff != "" || bad[3].Message != nil {
		t.Errorf("no message (-want +got):\n%s", diff)
	}
	if got := explainer(t, cfg, "b").Explain(frame, from, noon); len(got) != 1 || got[0].Fate != relay.Sent || len(got[0].Sink.SharedWith) != 1 {
		t.Errorf("b alone: %v", fates(got))
	}
	if _, err := relay.NewExplainer(cfg, "x"); !errors.Is(err, relay.ErrNoRoute) {
		t.Errorf("got %v", err)
	}
	if _, err := relay.NewExplainer(relay.Config{}); err == nil {
		t.Error("settings were not checked")
	}
}
