package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// DefaultStopLimit is how long the parts of a [Group] have to stop; less than systemd's TimeoutStopSec of 90 s.
const DefaultStopLimit = 10 * time.Second

// Part is one of the things that a daemon runs.
type Part struct {
	// Name tells the part in errors and in the log.
	Name string
	// Run works until ctx ends and then returns nil. It calls h.Ready as soon as it serves, and h.Beat from the loop that does
	// the work at least every h.BeatInterval.
	Run func(ctx context.Context, h *Handle) error
	// NoHeartbeat exempts a part that has no loop of its own, such as an HTTP server, from the watchdog.
	NoHeartbeat bool
}

// Group is the parts of a daemon. They start together; the first that fails ends the others.
type Group struct {
	Parts    []Part
	Logger   *zap.Logger // nil: none
	Notifier Notifier    // of the service manager
	// Hangups is where a SIGHUP arrives; it is taken only when nothing else of Run is being done. Nil: never.
	Hangups <-chan os.Signal
	// Reload carries out a SIGHUP: it reads the settings anew, swaps them in when they are good, and else returns an error and keeps
	// the old. The daemon goes on either way. Nil: a SIGHUP does nothing.
	Reload func(ctx context.Context) error
	// Ready, when set, is called once when all parts are ready, before the service manager is told.
	Ready func()
	// StopLimit is how long parts may take to stop. Default [DefaultStopLimit].
	StopLimit time.Duration
}

// Run starts all parts and waits until ctx ends or one of them fails or ends by itself. Then it stops all, waits
// for them for StopLimit at most, and returns nil or the first error with the name of its part. Parts that are still at work at the
// limit are named in the error and left alone: the process is about to end.
func (g *Group) Run(ctx context.Context) error {
	armHang()
	r := newRunning(g)
	parts, partsCtx := errgroup.WithContext(ctx)
	for i, part := range g.Parts {
		parts.Go(func() error {
			// A goroutine of its own: a panic runs what is deferred first, and with it errgroup would count the part as done. The process could
			// then end as if all were well before the panic ends it.
			ended := make(chan error, 1)
			go func() { ended <- r.run(partsCtx, part, r.handles[i]) }()
			return <-ended
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- parts.Wait() }() // ends with the last part

	for {
		select {
		case <-g.Hangups:
			r.reload(partsCtx)
		case err := <-ended:
			r.stopping(context.Cause(partsCtx))
			return err
		case <-partsCtx.Done():
			r.stopping(context.Cause(partsCtx))
			return r.wait(ended)
		}
	}
}

// run runs one part and names it in its error.
func (r *running) run(ctx context.Context, part Part, h *Handle) error {
	err := part.Run(ctx, h)
	r.ended(h)
	stopped := ctx.Err() != nil
	switch {
	case stopped && (err == nil || errors.Is(err, ctx.Err())):
		return nil
	case err == nil:
		err = errors.New("ended by itself")
	case stopped:
		// Run returns the first error alone; of the others the log tells.
		r.log.Warn("part failed while stopping", zap.String("part", part.Name), zap.Error(err))
	}
	return fmt.Errorf("%s: %w", part.Name, err)
}

// wait waits for all parts to end, for as long as they may take.
func (r *running) wait(ended <-chan error) error {
	limit := r.group.StopLimit
	if limit <= 0 {
		limit = DefaultStopLimit
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return fmt.Errorf("still at work %s after being told to stop: %s", limit, strings.Join(r.atWork(), ", "))
	}
}

// reload carries out a SIGHUP. The service manager hears of it only when it has heard READY=1 before.
func (r *running) reload(ctx context.Context) {
	if r.group.Reload == nil {
		r.log.Info("SIGHUP ignored: nothing can be reloaded")
		return
	}
	if r.isReady() {
		r.notify(reloading())
		defer r.notify(sd.SdNotifyReady)
	}
	if err := r.group.Reload(ctx); err != nil {
		for _, err := range each(err) {
			r.log.Error("reload failed, the old settings stay", append([]zap.Field{zap.Error(err)}, hintFields(err)...)...)
		}
		return
	}
	r.log.Info("reloaded")
}
