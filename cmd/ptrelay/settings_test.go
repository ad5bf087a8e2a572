package main

import (
	"testing"
)

// A problem that may be the consequence of another one is not told.
func TestRelatedKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"route[1].source", "route[1].source.service", true},
		{"route[1].source.service", "route[1].source", true},
		{"route[1].name", "route", true},
		{"route[1].name", "route[1].name", true},
		{"stop_limit", "", true},
		{"route[1].source", "route[1].sink.port", false},
		{"route[1]", "route[10]", false},
		{"route[1].source", "route[1].sources", false},
		{"stop_limit", "stop", false},
	} {
		if got := relatedKeys(tt.a, tt.b); got != tt.want {
			t.Errorf("%q and %q are related: %t", tt.a, tt.b, got)
		}
	}
}
