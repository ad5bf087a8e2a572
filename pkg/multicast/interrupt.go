package multicast

import (
	"context"
	"time"
)

// interrupt makes what blocks on a connection return when ctx ends, by a deadline in the past. The function that it returns
// must be called afterwards: it makes the connection usable again.
func interrupt(ctx context.Context, setDeadline func(time.Time) error) (release func()) {
	done := make(chan struct{})
	// A deadline can't be set on a closed connection only, and there nothing blocks.
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = setDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-done
			_ = setDeadline(time.Time{})
		}
	}
}
