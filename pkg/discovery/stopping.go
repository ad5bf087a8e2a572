package discovery

import (
	"context"
	"time"
)

// Limits on the time that stopping takes for one destination. A nameserver answers within milliseconds. Where it cannot, since its host or ours has too much to do,
// seconds are well spent: the address would stay listed. They are less than any service manager gives a program, and who sits at a terminal can
// interrupt it again.
const (
	stopTimeout     = 3 * time.Second // where the last announcement got through
	doubtfulTimeout = time.Second     // where it did not, or none has yet: nobody may be there
)

// patience is how long the peer is waited for when we stop.
func (d *destination) patience() time.Duration {
	if d.sent > 0 && d.missed == 0 {
		return stopTimeout
	}
	return doubtfulTimeout
}

// underWay returns the context of an announcement that begins now. It ends with ctx where the peer is lost. Else it goes on: what is under way then has a connection of
// its own, and if it were left alone it could arrive behind the withdrawal, and have the address listed again.
func (d *destination) underWay(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.missed > 0 {
		return context.WithCancel(ctx)
	}
	return outlasting(ctx, d.patience())
}

// outlasting returns a context that ends so long after ctx, with [context.DeadlineExceeded] as its cause.
func outlasting(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		limit := time.NewTimer(by)
		defer limit.Stop()
		select {
		case <-limit.C:
			cancel(context.DeadlineExceeded)
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel(nil)
	}
}
