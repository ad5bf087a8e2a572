package nameserver

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// TestReadyBeforeState: readiness does not wait for the state of the last run, and answers do: however large it is, a start takes the same time and nothing
// is missing.
func TestReadyBeforeState(t *testing.T) {
	t.Parallel()
	const size = 50
	first, k := fuzzed(t)
	first.saver.path = filepath.Join(t.TempDir(), "state")
	for i := range size {
		hearFrame(t, first, k, string(benchFrame(i)), time.Now())
	}
	if !first.saver.save() {
		t.Fatal("not saved")
	}

	second, _ := fuzzed(t)
	second.saver.path = first.saver.path
	if err := second.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	atReady := -1
	ready := func() {
		atReady = second.registry.Len()
		cancel()
	}
	if err := second.Run(ctx, Hooks{Ready: ready}); err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(atReady, second.registry.Len()), fmt.Sprint(0, size); got != want {
		t.Errorf("listed when ready, and then: %s, want %s", got, want)
	}
}
