package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// keysOf are those of a line of JSON.
func keysOf(t *testing.T, line []byte, err error) []string {
	t.Helper()
	var object map[string]any
	if err == nil {
		err = json.Unmarshal(line, &object)
	}
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return slices.Collect(maps.Keys(object))
}

// Programs read what --json prints: its keys are told.
func TestJSONIsDocumented(t *testing.T) {
	t.Parallel()
	entry := discovery.Entry{
		Announcement: discovery.Announcement{URI: "tcp://h:1", Services: []string{"a"}, Backend: transport.Plain, SupportedVersion: message.V101},
		Received:     message.Time{Time: time.Now()},
	}
	line, err := eventLine(eventCame, entry, time.Now())
	testbed.Documented(t, "json-lines.md", "What `ptctl services`, `lookup` and `events` print with `--json`", keysOf(t, line, err)...)
	line, err = topJSON("subject", measured{}, time.Now())
	testbed.Documented(t, "json-lines.md", "What `ptctl top --json` prints", keysOf(t, line, err)...)
	testbed.Documented(t, "json-lines.md", "What `ptctl check --format json` prints", testbed.JSONKeys(verdictLine{})...)
	testbed.Documented(t, "json-lines.md", "What `ptctl doctor --json` prints", testbed.JSONKeys(observation{})...)
}
