package message_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/message"
)

func TestCheckStrict(t *testing.T) {
	t.Parallel()
	const json = head + " application/json "
	nested := func(n int) string { return json + strings.Repeat(`{"a":[`, n/2) + strings.Repeat("]}", n/2) }
	tests := []struct {
		name, frame string
		want        error
		field       string
		offset      int
	}{
		{"no data", head, nil, "", 0},
		{"UTF-8", "pytroll://å info me@here 2024-05-17 v1.01 text/ascii å", nil, "", 0},
		{"subject in Latin 1", "pytroll://\xe5 info me@here 2024-05-17 v1.01", message.ErrNotUTF8, "frame", 10},
		{"text in Latin 1", head + " text/ascii a\xe5", message.ErrNotUTF8, "data", len(head) + 13},
		{"octets", head + " binary/octet-stream \x00\xff", message.ErrNotUTF8, "data", len(head) + 22},
		{"surrogate in UTF-8", head + " text/ascii \xed\xa0\x80", message.ErrNotUTF8, "data", len(head) + 12},
		{"deep enough", nested(message.StrictDepth), nil, "", 0},
		{"too deep", nested(message.StrictDepth + 2), message.ErrTooDeep, "data", len(json) + message.StrictDepth/2*6},
		{"many, not deep", json + "[" + strings.Repeat("[], ", 1000) + "[]]", nil, "", 0},
		{"brackets in strings", json + `["` + strings.Repeat("[", 1000) + `\"` + strings.Repeat("{", 1000) + `"]`, nil, "", 0},
		{"brackets in text", head + " text/ascii " + strings.Repeat("[", 1000), nil, "", 0},
		{"wrong JSON is only dropped", json + `{"a": `, nil, "", 0},
		{"unfinished string", json + `{"a\`, nil, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := mustDecode(t, test.frame).CheckStrict()
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if test.want != nil {
				wantError(t, err, test.field, test.offset)
			}
		})
	}
}
