package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const explainSettings = `
[[route]]
name = "gather"
[route.source]
services = ["viirs"]
[route.sink]
port = 9100
[[route]]
name = "test"
[route.source]
same_as = "gather"
topics = ["/segment"]
[route.duplicates]
by = "uid"
[[route.step]]
keep = { type = ["dataset"] }
[[route.step]]
rename = { prefix = { "/segment" = "/test" } }
[[route.step]]
set = { x = 1 }
[[route.step]]
max_age = "1h"
[route.sink]
same_as = "gather"
`

const segment = `pytroll://segment/SDR dataset u@h 2018-10-25T01:15:54 v1.01 application/json {"uid": "a"}`

// explain runs the command.
func explain(t *testing.T, settings, input string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "relay.toml")
	if err := os.WriteFile(file, []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	status = run(t.Context(), append([]string{"explain", file}, args...), nil, strings.NewReader(input), &out, &errs)
	return status, out.String(), strings.ReplaceAll(errs.String(), file, "FILE")
}

func TestExplain(t *testing.T) {
	t.Parallel()
	later := strings.Replace(segment, "01:15:54", "01:15:55", 1)
	status, stdout, stderr := explain(t, explainSettings, strings.Join([]string{
		segment, later, `{"subject": "/segment", "type": "file", "sender": "u@h", "time": "2018-10-25T01:15:54", "data": "1"}`,
		"", "pytroll://other info u@h 2018-10-25T01:15:54 v1.01", "hello", "{", "pytroll://segment/\x1b[1m file",
	}, "\n"), "--at", "message")
	want := `1: pytroll://segment/SDR dataset u@h 2018-10-25T01:15:54 v1.01 application/json {"uid": "a"}
  route gather: sent to gather at tcp://*:9100, which test feeds too, as it came in
  route test: sent to gather at tcp://*:9100, which gather feeds too, changed by 2 (rename), 3 (set)
    pytroll://test/SDR dataset u@h 2018-10-25T01:15:54 v1.01 application/json {"uid": "a", "x": 1}
    subject: "/segment/SDR" → "/test/SDR"
    data x: added 1
2: pytroll://segment/SDR dataset u@h 2018-10-25T01:15:55 v1.01 application/json {"uid": "a"}
  route gather: sent to gather at tcp://*:9100, which test feeds too, as it came in
  route test: duplicate
3: pytroll://segment file u@h 2018-10-25T01:15:54 v1.01 text/ascii 1
  route gather: sent to gather at tcp://*:9100, which test feeds too, as it came in
  route test: dropped: not_kept by step 1 (keep)
5: pytroll://other info u@h 2018-10-25T01:15:54 v1.01
  route gather: sent to gather at tcp://*:9100, which test feeds too, as it came in
  route test: not subscribed (topics /segment)
6: hello
  route gather: not subscribed (nobody subscribes to what does not begin with pytroll:/)
  route test: not subscribed (nobody subscribes to what does not begin with pytroll:/)
8: pytroll://segment/�[1m file
  route gather: dropped: bad_sender: message: sender at byte 27: message ends before its sender
  route test: dropped: bad_sender: message: sender at byte 27: message ends before its sender
`
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	wantErr := `line 7: no JSON line: unexpected EOF
6 messages, 2 of them no messages at all
route gather: 4 sent, 1 bad_sender, 1 not subscribed
route test: 1 sent (1 changed), 1 bad_sender, 1 duplicate, 2 not subscribed, 1 not_kept
error: explain: 1 of the lines could not be read, all others are explained
`
	if diff := cmp.Diff(wantErr, stderr); diff != "" || status != 1 {
		t.Errorf("status %d, standard error (-want +got):\n%s", status, diff)
	}
}

// The time by which messages are judged, the publisher they come from, and the routes that see them.
func TestExplainOptions(t *testing.T) {
	t.Parallel()
	translating := strings.Replace(explainSettings, "same_as = \"gather\"\ntopics", "services = [\"viirs\"]\ntranslate = true\ntopics", 1)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--route", "test"}, "route test: dropped: too_old by step 4 (max_age)"},
		{[]string{"--route", "test", "--at", "2018-10-25T01:20:00"}, "route test: sent to gather at tcp://*:9100, which gather feeds too, changed by 2 (rename), 3 (set)"},
		{[]string{"--route=test", "--at=message", "--from=tcp://lx1:9010"}, `sender: "u@h" → "u@lx1"`},
	} {
		status, stdout, stderr := explain(t, translating, segment, tt.args...)
		if status != 0 || !strings.Contains(stdout, tt.want) || strings.Contains(stdout, "route gather:") {
			t.Errorf("%q: status %d, got %s%s", tt.args, status, stdout, stderr)
		}
	}
}

func TestExplainJSON(t *testing.T) {
	t.Parallel()
	latin := strings.Replace(segment, `"a"`, "\"\xe9\"", 1)
	nan := strings.Replace(segment, `"a"`, `"c", "x": NaN`, 1)
	status, stdout, stderr := explain(t, explainSettings, segment+"\n"+latin+"\npytroll://segment/SDR x\n"+nan, "--at", "message", "--json", "--route", "test")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	want := []string{
		`{"line":1,"frame":"pytroll://segment/SDR dataset u@h 2018-10-25T01:15:54 v1.01 application/json {\"uid\": \"a\"}","routes":[{"route":"test","result":"sent","topics":["pytroll://segment"],"sink":{"service":"gather","address":"tcp://*:9100","shared_with":["gather"]},"frame":"pytroll://test/SDR dataset u@h 2018-10-25T01:15:54 v1.01 application/json {\"uid\": \"a\", \"x\": 1}","changed_by":[{"step":2,"kind":"rename"},{"step":3,"kind":"set"}],"changes":[{"part":"subject","before":"/segment/SDR","after":"/test/SDR"},{"part":"data","path":"x","after":1}]}]}`,
		`{"line":2,"frame_base64":"cHl0cm9sbDovL3NlZ21lbnQvU0RSIGRhdGFzZXQgdUBoIDIwMTgtMTAtMjVUMDE6MTU6NTQgdjEuMDEgYXBwbGljYXRpb24vanNvbiB7InVpZCI6ICLpIn0=","routes":[{"route":"test","result":"dropped","reason":"not_utf8","topics":["pytroll://segment"],"sink":{"service":"gather","address":"tcp://*:9100","shared_with":["gather"]}}]}`,
		`{"line":3,"frame":"pytroll://segment/SDR x","error":"message: sender at byte 23: message ends before its sender","routes":[{"route":"test","result":"dropped","reason":"bad_sender","error":"message: sender at byte 23: message ends before its sender","topics":["pytroll://segment"],"sink":{"service":"gather","address":"tcp://*:9100","shared_with":["gather"]}}]}`,
	}
	got := strings.SplitAfter(stdout, "\n")
	if diff := cmp.Diff(want, strings.Split(strings.Join(got[:3], ""), "\n")[:3]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(got[3], `{"part":"data","path":"x","before":"NaN","after":1}`) {
		t.Errorf("got %s", got[3])
	}
	for _, line := range got[:4] {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

func TestExplainRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		settings string
		args     []string
		status   int
		want     []string
	}{
		{explainSettings, []string{"--at", "noon"}, 2, []string{`--at "noon"`}},
		{explainSettings, []string{"--from", "lx1"}, 2, []string{`--from "lx1"`}},
		{explainSettings, []string{"a", "b"}, 2, []string{"at most 1 arg"}},
		{explainSettings, []string{"--route", "x"}, 2, []string{`route "x": no such route`, `"gather" "test"`}},
		{"", nil, 78, []string{"there are no routes"}},
		{explainSettings + "colour = 1\n" + "[[route]]\nname = \"z\"\n[route.sink]\nport = 70000\n", nil, 78,
			[]string{"FILE:25: route[2].sink.colour", "FILE:29: route[3].sink.port", "FILE:26: route[3].source"}},
	} {
		status, stdout, stderr := explain(t, tt.settings, segment, tt.args...)
		if status != tt.status || stdout != "" {
			t.Errorf("%q: status %d, want %d; %s", tt.args, status, tt.status, stdout)
		}
		for _, want := range tt.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q: got %s, want %s", tt.args, stderr, want)
			}
		}
	}
}
