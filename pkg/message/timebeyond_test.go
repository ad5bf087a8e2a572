package message_test

import (
	"testing"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

// A time that cannot be encoded is shown as it is, not as that of another year, and nobody can read it as one.
func TestStringOfYearsBeyond(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 3600)
	for _, tt := range []struct {
		name string
		t    message.Time
		want string
	}{
		{"12024", message.Time{Time: time.Date(12024, 5, 17, 9, 41, 12, 345678000, time.UTC)}, "+12024-05-17T09:41:12.345678+00:00"},
		{"naive", message.Time{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Naive: true}, "+10000-01-01T00:00:00.000000"},
		{"by its offset", message.Time{Time: time.Date(10000, 1, 1, 0, 30, 0, 0, berlin)}, "+10000-01-01T00:30:00.000000+01:00"},
		{"0", message.Time{Time: time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC)}, "+0000-12-31T23:59:59.000000+00:00"},
		{"-44", message.Time{Time: time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC), Naive: true}, "-0044-03-15T00:00:00.000000"},
		{"the last", message.Time{Time: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}, "9999-12-31T23:59:59+00:00"},
		{"the first", message.Time{}, "0001-01-01T00:00:00+00:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.t.String()
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			_, err := tt.t.MarshalText()
			again, readErr := message.ParseTime(got)
			if (err == nil) != (readErr == nil) || readErr == nil && !again.Equal(tt.t) {
				t.Errorf("encoded: %v; read again: %v, %v", err, again, readErr)
			}
		})
	}
}
