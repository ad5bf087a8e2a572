package discovery

import (
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// TestRefusalsSayWhatCame: in words of JSON, and not of Go.
func TestRefusalsSayWhatCame(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`null`:                         "the data is no object but null",
		`[1]`:                          "the data is no object but a list",
		`"x"`:                          `the data is no object but a string`,
		`1.5`:                          "the data is no object but a number",
		`12345678901234567890`:         "the data is no object but a number",
		`true`:                         "the data is no object but a boolean",
		`{"URI": {}, "service": []}`:   "URI is no text but an object",
		`{"URI": 1, "service": []}`:    "URI is no text but a number",
		`{"URI": null, "service": []}`: "URI is no text but null",
	} {
		m, err := message.Decode([]byte("pytroll://address/a info u@h 2024-05-17T09:41:12 v1.01 application/json " + data))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseAnnouncement(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", data, err, want)
		}
	}
}
