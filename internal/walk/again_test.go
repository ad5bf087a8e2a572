package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A check is asked again until it tells what the page shows, for ten seconds; nothing else is.
func TestHold(t *testing.T) {
	tests := []struct {
		name, command string
		mended        time.Duration // when it tells what the page shows
		same          bool
		took          time.Duration
	}{
		{"at once", "ptctl check link", 0, true, 0},
		{"a moment later", "ptctl check link", 900 * time.Millisecond, true, time.Second},
		{"never", "ptctl check link", time.Hour, false, againTime},
		{"no check", "systemctl restart hrit", 900 * time.Millisecond, false, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				got, diff, err := hold(t.Context(), &step{command: test.command, told: []string{"OK"}}, func(context.Context, *step) ([]string, error) {
					if time.Since(begin) < test.mended {
						return []string{"CRITICAL"}, nil
					}
					return []string{"OK"}, nil
				})
				if same := diff == "" && got[0] == "OK"; err != nil || same != test.same || time.Since(begin) != test.took {
					t.Errorf("got %q after %s, %v", got, time.Since(begin), err)
				}
			})
		})
	}
}
