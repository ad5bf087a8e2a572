package relay

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// deafSource says nothing until it is let go.
type deafSource struct{ Source }

func (deafSource) Close() error { return nil }

func (deafSource) Receive(ctx context.Context, batch []Received) ([]Received, error) {
	<-ctx.Done()
	return batch, ctx.Err()
}

func (s deafSource) Take(ctx context.Context, batch []Received) ([]Received, error) {
	return s.Receive(ctx, batch)
}

// busySource always has one message more.
type busySource struct{ deafSource }

func (busySource) Receive(ctx context.Context, batch []Received) ([]Received, error) {
	if ctx.Err() != nil {
		return batch, ctx.Err()
	}
	time.Sleep(time.Millisecond) // in a bubble: what a message costs
	return append(batch, Received{Frame: []byte("x")}), nil
}

func (s busySource) Take(ctx context.Context, batch []Received) ([]Received, error) {
	return s.Receive(ctx, batch)
}

// A source that is closed by a reload gets its time to run empty, and no more: the reload must come to an end.
func TestCloseInletThatIsNeverEmpty(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]Source{"deaf": deafSource{}, "busy": busySource{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sending, stop := context.WithCancel(t.Context())
				defer stop()
				run := &running{receiving: sending, sending: sending, failed: make(chan error, 1)}
				in := &inlet{source: source}
				run.start(in)
				synctest.Wait()
				began := time.Now()
				if err := in.close(time.Second); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took < time.Second || took > time.Second+time.Millisecond {
					t.Errorf("closed after %v, want 1s", took)
				}
				run.loops.Wait()
				select {
				case err := <-run.failed:
					t.Errorf("the relay was told: %v", err)
				default:
				}
			})
		})
	}
}
