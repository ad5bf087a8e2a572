package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		times  bool
		well   []float64
		bad    []float64
		plugin string // as performance data has it
	}{
		{"10", false, []float64{0, 5, 10}, []float64{-1, 10.5}, "10"},
		{":10", false, []float64{0, 10}, []float64{-1, 11}, "10"},
		{"0:10", false, []float64{0, 10}, []float64{-1, 11}, "10"},
		{"10:", false, []float64{10, 1e9}, []float64{9.99, -1}, "10:"},
		{"0:", false, []float64{0, 1}, []float64{-1}, "0:"},
		{"~:10", false, []float64{-1e9, 10}, []float64{10.1}, "~:10"},
		{"10:20", false, []float64{10, 15, 20}, []float64{9, 21}, "10:20"},
		{"@10:20", false, []float64{9, 21}, []float64{10, 15, 20}, "@10:20"},
		{"@0", false, []float64{1, -1}, []float64{0}, "@0"},
		{"-5:5", false, []float64{-5, 5}, []float64{-6, 6}, "-5:5"},
		{"15m", true, []float64{0, 900}, []float64{901, -1}, "900"},
		{"1.5", true, []float64{1.5}, []float64{1.6}, "1.5"},
		{"500ms:1h", true, []float64{0.5, 3600}, []float64{0.4, 3601}, "0.5:3600"},
		{"1e6", false, []float64{1e6}, []float64{1e6 + 1}, "1000000"},
	}
	for _, test := range tests {
		b, err := parseBounds(test.text, test.times)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if got := b.String(); got != test.plugin {
			t.Errorf("%q is written %q, want %q", test.text, got, test.plugin)
		}
		for _, v := range test.well {
			if b.bad(v) {
				t.Errorf("%q: %v is bad, want it to be well", test.text, v)
			}
		}
		for _, v := range test.bad {
			if !b.bad(v) {
				t.Errorf("%q: %v is well, want it to be bad", test.text, v)
			}
		}
	}
	for text, want := range map[string]string{
		"": `"": is no range`, ":": `":": is no range`, "@": `"@": is no range`,
		"x": `"x": "x" is no number`, "1:2:3": `"1:2:3": "2:3" is no number`, "20:10": `"20:10": ends before it begins`,
		"NaN": `"NaN": "NaN" is no number`, "~": `"~": "~" is no number`, "Inf": `"Inf": "Inf" is no number`, "15m": `"15m": "15m" is no number`,
	} {
		if _, err := parseBounds(text, false); err == nil || err.Error() != want {
			t.Errorf("%q: got error %v, want %s", text, err, want)
		}
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		of   []state
		want state
	}{
		{nil, stateOK},
		{[]state{stateOK, stateUnknown}, stateUnknown},
		{[]state{stateUnknown, stateWarning}, stateWarning},
		{[]state{stateCritical, stateUnknown, stateWarning}, stateCritical},
	}
	for _, test := range tests {
		if got := worst(test.of...); got != test.want {
			t.Errorf("worst of %v is %v, want %v", test.of, got, test.want)
		}
	}
}

// aVerdict has all that the forms have to deal with.
func aVerdict(t *testing.T) *verdict {
	t.Helper()
	wanted, err := parseLimits("warn", "500ms", "crit", "1", true)
	if err != nil {
		t.Fatal(err)
	}
	return &verdict{check: "nameserver", target: `a,"b"`, hint: "look | there", parts: []part{
		newPart("a", stateOK, "a answers", measure{answerTime, 0.75, wanted}, measure{clockOffset, -0.25, limits{}}),
		newPart("b|c'=", stateCritical, "no\nanswer"),
	}}
}

func TestCheckFormats(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1795411446253)
	const (
		nagios = "NAMESERVER CRITICAL: 2 of 2: a answers; b/c'=: no\uFFFDanswer | 'a time'=0.750000s;0.5;1;0 'a clock_offset'=-0.250000s\n" +
			"[WARNING] a answers\n" +
			"[CRITICAL] b/c'=: no\uFFFDanswer\n" +
			"hint: look / there\n" +
			"warning: x\n"
		jsonLine = `{"time":"2026-11-23T05:24:06.253Z","check":"nameserver","target":"a,\"b\"","status":"critical","exit_status":2,` +
			`"text":"2 of 2: a answers; b|c'=: no\nanswer","hint":"look | there","parts":[` +
			`{"of":"a","status":"warning","text":"a answers","metrics":[` +
			`{"name":"time","value":0.75,"unit":"s","warn":"0.5","crit":"1","status":"warning"},{"name":"clock_offset","value":-0.25,"unit":"s","status":"ok"}]},` +
			`{"of":"b|c'=","status":"critical","text":"no\nanswer","metrics":[]}],"notes":["warning: x"]}` + "\n"
		prometheus = `# HELP posttroll_check_clock_offset_seconds What the clock of a nameserver is ahead of that of this host.
# TYPE posttroll_check_clock_offset_seconds gauge
posttroll_check_clock_offset_seconds{check="nameserver",target="a,\"b\"",of="a"} -0.250000
# HELP posttroll_check_part_status Result of a part of the check: 0 OK, 1 warning, 2 critical, 3 unknown.
# TYPE posttroll_check_part_status gauge
posttroll_check_part_status{check="nameserver",target="a,\"b\"",of="a"} 1
posttroll_check_part_status{check="nameserver",target="a,\"b\"",of="b|c'="} 2
# HELP posttroll_check_status Result of the check: 0 OK, 1 warning, 2 critical, 3 unknown.
# TYPE posttroll_check_status gauge
posttroll_check_status{check="nameserver",target="a,\"b\""} 2
# HELP posttroll_check_time_seconds Time from the question to the answer of a nameserver, the connection included.
# TYPE posttroll_check_time_seconds gauge
posttroll_check_time_seconds{check="nameserver",target="a,\"b\"",of="a"} 0.750000
# HELP posttroll_check_timestamp_seconds When the check was made.
# TYPE posttroll_check_timestamp_seconds gauge
posttroll_check_timestamp_seconds{check="nameserver",target="a,\"b\""} 1795411446.253
`
	)
	for form, want := range map[string]string{"nagios": nagios, "json": jsonLine, "prometheus": prometheus} {
		got := checkFormats[form](aVerdict(t), []string{"warning: x"}, at)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(jsonLine), &line); err != nil {
		t.Error(err)
	}
}

// TestReplaceFile: who reads the file finds the old or the new text, and nothing is left beside it.
func TestReplaceFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.prom")
	for _, text := range []string{"one\n", "two\n"} {
		if err := replaceFile(path, text); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v, want one file", entries, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("got mode %v, %v, want one that others can read", info.Mode(), err)
	}
	if err := replaceFile(filepath.Join(t.TempDir(), "none", "x"), "x"); err == nil {
		t.Error("a directory that is not there: no error")
	}
}

// ofRelay answers as a relay does.
func ofRelay(t *testing.T) string {
	t.Helper()
	now := time.Now()
	answers := map[string]any{
		"/v1/routes": map[string]any{"routes": []any{
			map[string]any{"route": "one", "paused": false, "publishers": 2, "publishers_wanted": 2, "missing": []string{}, "delay_p99_seconds": 0.25},
			map[string]any{"route": "two", "paused": false, "publishers": 1, "publishers_wanted": 2, "missing": []string{"tcp://h:9010"}, "delay_p99_seconds": 0},
			map[string]any{"route": "off", "paused": true, "publishers": 0, "publishers_wanted": 0, "missing": []string{}, "delay_p99_seconds": 0},
		}},
		"/v1/subjects": map[string]any{"subjects": []any{
			map[string]any{"subject": "/a/b", "received": now.Add(-time.Minute), "written": now.Add(-time.Hour)},
			map[string]any{"subject": "/a/c", "received": now.Add(-time.Hour), "written": now.Add(-2 * time.Hour)},
			map[string]any{"subject": "/heartbeat", "received": now, "written": now},
		}},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			http.Error(w, `{"error": "who are you?"}`, http.StatusUnauthorized)
			return
		}
		if err := json.NewEncoder(w).Encode(answers[r.URL.Path]); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestChecksOfRelay: what a relay tells of its routes and subjects becomes a verdict.
func TestChecksOfRelay(t *testing.T) {
	t.Parallel()
	url := ofRelay(t)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"link", "--route", "one"}, 0, "LINK OK: one is connected to 2 of 2 publishers | 'missing'=0;;0;0 'connected'=2;;;0 'delay'=0.250000s;;;0"},
		{[]string{"link", "--route", "two"}, 2, "LINK CRITICAL: two is connected to 1 of 2 publishers, not to tcp://h:9010 | 'missing'=1;;0;0"},
		{[]string{"link", "--route", "two", "--warn", "0", "--crit", "2"}, 1, "LINK WARNING: two is"},
		{[]string{"link", "--route", "off"}, 1, "LINK WARNING: off is paused"},
		{[]string{"link"}, 2, "LINK CRITICAL: 2 of 3: two is connected to 1 of 2 publishers, not to tcp://h:9010; off is paused | 'one missing'=0;"},
		{[]string{"link", "--route", "none"}, 3, `LINK UNKNOWN: the relay has no route "none"`},
		{[]string{"link", "--token-file", ""}, 3, "LINK UNKNOWN: relay at " + url + ": answered with 401 Unauthorized: who are you?\nhint: --token-file names the file with the secret"},
		{[]string{"freshness", "/a"}, 0, "FRESHNESS OK: the newest message under /a at the relay is 1h0m0s old | 'age'=3600."},
		{[]string{"freshness", "/a", "--time", "receipt", "--crit", "2m"}, 0, "FRESHNESS OK: the newest message under /a at the relay is 1m0s old | 'age'=60."},
		{[]string{"freshness", "/a/c", "--warn", "1h", "--crit", "3h"}, 1, "FRESHNESS WARNING: the newest message under /a/c at the relay is 2h0m0s old | 'age'=7200."},
		{[]string{"freshness", "/"}, 0, "FRESHNESS OK: the newest message under / at the relay is 1h0m0s old"},
		{[]string{"freshness", "a/c", "--crit", "3h"}, 0, "FRESHNESS OK: the newest message under a/c at the relay is 2h0m0s old"},
		{[]string{"freshness", "/a/b/1", "--crit", "3h"}, 3, "FRESHNESS UNKNOWN: the relay tells of all messages under /a/b together"},
		{[]string{"freshness", "/a/bb", "--crit", "3h"}, 2, "FRESHNESS CRITICAL: no message under /a/bb has come"},
		{[]string{"freshness", "/b"}, 2, "FRESHNESS CRITICAL: no message under /b has come to the relay since it was started"},
	}
	for _, test := range tests {
		var stdout, stderr bytes.Buffer
		args := append([]string{"check", test.args[0], "--relay", url, "--token-file", token}, test.args[1:]...)
		got := run(t.Context(), args, nil, strings.NewReader(""), &stdout, &stderr)
		if got != test.status || !strings.HasPrefix(stdout.String(), test.want) || stderr.Len() > 0 {
			t.Errorf("%v: status %d, %q, %q, want %d, %q", test.args, got, &stdout, &stderr, test.status, test.want)
		}
	}
}

// TestSubjectsOfABusyRelay: what a relay does not tell of one by one may be what is asked for, where it is new enough to make a difference.
func TestSubjectsOfABusyRelay(t *testing.T) {
	t.Parallel()
	now := time.Now()
	of := func(subject string, age time.Duration) subjectTimes {
		at := now.Add(-age)
		return subjectTimes{Subject: subject, Received: &at, Written: &at}
	}
	tests := []struct {
		name    string
		all     []subjectTimes
		subject string
		state   state
		text    string
	}{
		{"not told of", []subjectTimes{of("/a", 0), of("other", 0)}, "/b", stateUnknown, "the relay has more subjects than it tells of one by one, and /b may be among them"},
		{"told of", []subjectTimes{of("/a", 0), of("other", 0)}, "/a", stateOK, "the newest message under /a at the relay is 0s old"},
		{"an old one told of", []subjectTimes{of("/a/old", time.Hour), of("other", 0)}, "/a", stateUnknown,
			"the newest message under /a at the relay is 1h0m0s old, or less: the relay has more subjects"},
		{"the others silent as well", []subjectTimes{of("/a/old", time.Hour), of("other", 2*time.Hour)}, "/a", stateCritical, "the newest message under /a at the relay is 1h0m0s old"},
		{"the others too old as well", []subjectTimes{of("/a/old", 3*time.Hour), of("other", time.Hour)}, "/a", stateCritical, "the newest message under /a at the relay is 3h0m0s old"},
		{"the newest doubt counts", []subjectTimes{of("/a/b", 2*time.Hour), of("/c/d", 0), of("other", 0)}, "/a/b/c", stateUnknown, "the relay has more subjects"},
		{"of all together", []subjectTimes{of("/a/b", 0), of("/c/d", 0)}, "/a/b/c", stateUnknown, "the relay tells of all messages under /a/b together"},
		{"of one subject", []subjectTimes{of("/a/b", 0), of("/c/d/e", 0)}, "/a/b/c", stateCritical, "no message under /a/b/c has come"},
		{"of one subject, and an old one", []subjectTimes{of("/a/b", 0), of("/a/b/c", time.Hour)}, "/a/b/c", stateCritical, "the newest message under /a/b/c at the relay is 1h0m0s old"},
	}
	ages, err := parseLimits("warn", "", "crit", "20m", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []string{byHeader, byReceipt} {
		c := &freshnessCheck{by: by}
		for _, test := range tests {
			if got := c.ofRelay(test.all, test.subject, ages, now); got.state != test.state || !strings.HasPrefix(got.text, test.text) {
				t.Errorf("%s, by %s: got %s, %q, want %s, %q", test.name, by, got.state, got.text, test.state, test.text)
			}
		}
	}
}

// TestComparison: what comes at both ends of a link is told by type and time, in whichever order; what is missing counts when it has had time to come, and not
// before the subscription at the other end was there.
func TestComparison(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	ended := false
	s := &comparison{want: 3, done: context.CancelFunc(func() { ended = true }), out: map[string]time.Time{}, in: map[string]time.Time{}}
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	for _, m := range []struct {
		end     int
		key     string
		seconds float64
	}{
		{0, "before", 0},
		{0, "a", 1}, {1, "a", 1.5},
		{0, "lost", 2},
		{1, "b", 3}, {0, "b", 3.2},
		{1, "elsewhere", 3.5},
		{0, "young", 9},
		{0, "c", 9.1}, {1, "c", 9.3},
	} {
		if ended {
			t.Fatalf("over before %s", m.key)
		}
		s.add(m.end, m.key, at(m.seconds))
	}
	s.ended = at(10)
	if diff := cmp.Diff([]time.Duration{500 * time.Millisecond, 0, 200 * time.Millisecond}, s.delays); diff != "" || !ended {
		t.Errorf("over %t, delays (-want +got):\n%s", ended, diff)
	}
	if got := s.lost(2 * time.Second); got != 1 {
		t.Errorf("%d lost, want 1", got)
	}
}

func TestReadReply(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	ended := begun.Add(2 * time.Second)
	got, err := readReply([]byte(`pytroll://oper/ns info ns@h 2026-11-23T05:00:11 v1.01 application/json [{"URI": "x"}, {"URI": "y"}]`), begun, ended)
	if want := (reply{took: 2 * time.Second, publishers: 2, offset: 10 * time.Second}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if got, err := readReply([]byte(`pytroll://oper/ns info ns@h 2026-11-23T05:00:01 v1.01`), begun, ended); err != nil || got.publishers != 0 || got.offset != 0 {
		t.Errorf("no publishers: got %+v, %v", got, err)
	}
	for _, bad := range []string{"nonsense", `pytroll://oper/ns info ns@h 2026-11-23T05:00:01 v1.01 text/ascii "list"`} {
		if got, err := readReply([]byte(bad), begun, ended); err == nil {
			t.Errorf("%s: got %+v, want an error", bad, got)
		}
	}
}
