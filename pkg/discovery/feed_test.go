package discovery

import (
	"fmt"
	"testing"
)

// The status is read as Python reads it: what is false to it removes.
func TestStatusOfNews(t *testing.T) {
	t.Parallel()
	for status, gone := range map[string]bool{
		"false": true, "null": true, "0": true, "0.0": true, `""`: true, "[]": true, "{}": true,
		"true": false, "1": false, "NaN": false, `"false"`: false, "[0]": false, `{"a": 0}`: false,
		"123456789012345678901234567890": false, `"2026-01-01"`: false,
	} {
		frame := head + fmt.Sprintf(` application/json {"status": %s, "URI": "tcp://h:1", "service": ["x"]}`, status)
		n, ok, err := parseNews([]byte(frame))
		if err != nil || !ok || n.gone != gone || n.entry.URI != "tcp://h:1" || n.entry.Extra != nil {
			t.Errorf("status %s: got %+v, %v, %v", status, n, ok, err)
		}
	}
}
