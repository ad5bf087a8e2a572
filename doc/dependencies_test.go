package doc

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDependencies checks that the page has a row with a reason for each direct dependency in go.mod, and for nothing else.
func TestDependencies(t *testing.T) {
	t.Parallel()
	required := map[string]bool{}
	require := regexp.MustCompile(`^(?:require )?\s*([\w./-]+\.[\w./-]+) v\S+$`)
	for line := range fileLines(t, "../go.mod") {
		if m := require.FindStringSubmatch(line); m != nil {
			required[m[1]] = true
		}
	}
	if len(required) < 3 {
		t.Fatalf("found only %v in go.mod", required)
	}
	explained := map[string]bool{}
	for row := range tableRows(t, "dependencies.md") {
		name := strings.TrimSpace(row[0])
		if name == "module" {
			continue
		}
		explained[name] = true
		if len(row) < 2 || len(strings.TrimSpace(row[1])) < 20 {
			t.Errorf("dependencies.md: %s: no reason", name)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(required)), slices.Sorted(maps.Keys(explained))); diff != "" {
		t.Errorf("direct dependencies (-go.mod +dependencies.md):\n%s", diff)
	}
}
