package zmq

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestUnlimited: where the limits don't hold that is told, once; a program that has set one has an error.
func TestUnlimited(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		opts  Options
		kept  bool
		fails bool
		lines int
	}{
		{"kept", Options{MaxConnections: 2}, true, false, 0},
		{"not kept, and not asked for", Options{}, false, false, 1},
		{"MaxConnections is not kept", Options{MaxConnections: 2}, false, true, 0},
		{"MaxPerSource is not kept", Options{MaxPerSource: 2}, false, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zap.WarnLevel)
			tt.opts.Logger = zap.New(core)
			tr := newTransport(t, tt.opts)
			for range 2 {
				if err := tr.checkLimited(tt.kept); (err != nil) != tt.fails {
					t.Errorf("got %v, want an error: %t", err, tt.fails)
				}
			}
			if diff := cmp.Diff(tt.lines, logs.Len()); diff != "" {
				t.Errorf("lines in the log (-want +got):\n%s", diff)
			}
		})
	}
}
