package message_test

import (
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
)

func TestTopic(t *testing.T) {
	t.Parallel()
	for topic, want := range map[string]string{
		"":                   "pytroll://",
		"/":                  "pytroll://",
		"counter":            "pytroll://counter",
		"/counter":           "pytroll://counter",
		"//counter":          "pytroll:///counter",
		"pytroll:/":          "pytroll:/",
		"pytroll:/counter":   "pytroll:/counter",
		"pytroll://counter/": "pytroll://counter/",
		"pytroll:":           "pytroll://pytroll:",
		" counter":           "pytroll:// counter",
	} {
		if got := message.Topic(topic); got != want {
			t.Errorf("%q: got %q, want %q", topic, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		subject, topic string
		match, covers  bool
	}{
		{"/counter", "counter", true, true},
		{"/counter", "/count", true, true},
		{"/counter", "", true, true},
		{"/counter", "/counter ", true, true},
		{"/counter", "/counter info", true, false}, // another type would not match
		{"/counter", "/counter/", false, false},
		{"/counter", "/Counter", false, false},
		{"/counter", "pytroll:/", true, true},
		{"counter", "pytroll:/", true, true},
		{"counter", "counter", false, false}, // the trap of the leading slash
		{"counter", "", false, false},
		{"counter", "pytroll:/counter", true, true},
	}
	for _, test := range tests {
		m := mustDecode(t, "pytroll:/"+test.subject+" info me@here 2024-05-17 v1.01")
		if got := message.Match(m.Bytes(), test.topic); got != test.match {
			t.Errorf("Match of %s with %q: got %v, want %v", test.subject, test.topic, got, test.match)
		}
		if got := m.Matches("/elsewhere", test.topic); got != test.match {
			t.Errorf("Matches of %s with %q: got %v, want %v", test.subject, test.topic, got, test.match)
		}
		if got := message.Covers(test.topic, test.subject); got != test.covers {
			t.Errorf("Covers of %s with %q: got %v, want %v", test.subject, test.topic, got, test.covers)
		}
	}
	if mustDecode(t, head).Matches() {
		t.Error("no topics match, want nothing")
	}
}
