package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// Programs read what --json prints: its keys are told.
func TestJSONIsDocumented(t *testing.T) {
	t.Parallel()
	shown := (&server{}).shown(relay.Stats{Routes: []relay.RouteStats{{}}})
	keys := slices.Collect(maps.Keys(shown))
	for _, route := range shown["routes"].([]map[string]any) {
		keys = slices.AppendSeq(keys, maps.Keys(route))
	}
	testbed.Documented(t, "json-lines.md", "What `ptrelay routes --json` prints", keys...)
	testbed.Documented(t, "json-lines.md", "What `ptrelay explain --json` prints", testbed.JSONKeys(explainedJSON{})...)
}
