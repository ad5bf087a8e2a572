package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Below the table stand the publishers that are not connected, each once.
func TestRoutesTable(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 5, 17, 9, 41, 12, 0, time.UTC)
	const gather = `{"route": "gather", "received": 10, "sent": 8, "dropped": {"loop": 1, "bad_time": 1}, "delay_p99_seconds": 0.0024,
		"publishers": 1, "publishers_wanted": 3, "subscribers": 2, "last": "2024-05-17T09:41:10Z", "missing": ["tcp://a:1", "tcp://b:1"]}`
	const head = "ROUTE STATE RECEIVED SENT DUPLICATES DROPPED DELAY PUBLISHERS SUBSCRIBERS LAST\n"
	const first = "gather runs 10 8 0 2 2ms 1/3 2 2s ago\n"
	for _, tt := range []struct{ name, second, want string }{
		{"publishers away", `{"route": "b", "publishers_wanted": 1, "missing": ["tcp://a:1"]}`, head + first +
			"b runs 0 0 0 0 - 0/1 0 never\n" +
			"\nNot connected:\n tcp://a:1 (gather, b)\n tcp://b:1 (gather)\n"},
		{"a paused one", `{"route": "b", "paused": true, "missing": []}`, head + first +
			"b paused 0 0 0 0 - 0/0 0 never\n" +
			"\nNot connected:\n tcp://a:1 (gather)\n tcp://b:1 (gather)\n"},
	} {
		var b strings.Builder
		if err := writeTable(&b, []byte(`{"routes": [`+gather+`, `+tt.second+`]}`), now); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, columns(b.String())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	var b strings.Builder
	if err := writeTable(&b, []byte(`{"routes": [{"route": "a", "missing": []}]}`), now); err != nil || strings.Contains(b.String(), "connected:") {
		t.Errorf("got %v and\n%s", err, b.String())
	}
}

// columns leaves one blank between the columns of a table.
func columns(table string) string { return regexp.MustCompile(` +`).ReplaceAllString(table, " ") }
