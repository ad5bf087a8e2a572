package main

import (
	"testing"

	"github.com/pytroll/posttroll-go/internal/testbed"
)

// Programs read what --json prints: its keys are told.
func TestJSONIsDocumented(t *testing.T) {
	t.Parallel()
	testbed.Documented(t, "json-lines.md", "What `ptkeys show` and `list` print with `--json`", testbed.JSONKeys(keyLine{})...)
	testbed.Documented(t, "json-lines.md", "What `ptkeys test --json` prints", testbed.JSONKeys(testLine{})...)
}
