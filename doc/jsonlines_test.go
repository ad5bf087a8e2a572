package doc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/internal/jsonline"
	"github.com/pytroll/posttroll-go/pkg/message"
)

// TestJSONLines checks that the lines on the page are what messages become.
func TestJSONLines(t *testing.T) {
	t.Parallel()
	n := 0
	for line := range fileLines(t, "json-lines.md") {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		n++
		m, err := jsonline.Unmarshal([]byte(line), message.Encoder{})
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		got, err := jsonline.Marshal(m)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if diff := cmp.Diff(line, string(got)); diff != "" {
			t.Errorf("a line is not what its message becomes (-page +code):\n%s", diff)
		}
	}
	if n != 4 {
		t.Errorf("got %d lines, want 4", n)
	}
}
