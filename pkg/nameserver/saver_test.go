package nameserver

import (
	"testing"
	"time"
)

// TestPauseAfter: the pause between two states grows with the time that one takes, and is bounded both ways.
func TestPauseAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ took, want time.Duration }{
		{time.Millisecond, time.Second},
		{100 * time.Millisecond, 2 * time.Second},
		{time.Second, 5 * time.Second},
	} {
		if got := pauseAfter(tt.took); got != tt.want {
			t.Errorf("after %v: %v, want %v", tt.took, got, tt.want)
		}
	}
}
