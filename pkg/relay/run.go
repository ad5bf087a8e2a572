package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// statusInterval is the time between two lines of status.
const statusInterval = 10 * time.Second

// running is what a relay that runs has.
type running struct {
	receiving context.Context // ends when no more is to be received
	sending   context.Context // ends when what was received had its time to leave
	loops     sync.WaitGroup
	failed    chan error // 1 deep: the first one counts
}

// start lets an inlet run. The caller holds change.
func (run *running) start(in *inlet) {
	ctx, stop := context.WithCancel(run.receiving)
	sending, cut := context.WithCancel(run.sending)
	in.stop, in.cut, in.done = stop, cut, make(chan struct{})
	run.loops.Go(func() {
		defer close(in.done)
		defer stop()
		defer cut()
		if err := in.run(ctx, sending); err != nil {
			select {
			case run.failed <- err:
			default:
			}
		}
	})
}

// Run carries messages until ctx ends; what has been received by then still leaves, within the stop limit. It returns nil then. It returns an
// error when a source fails, which no peer can make happen. It is called once, after Listen. The sockets stay open until [Relay.Close].
func (r *Relay) Run(ctx context.Context, hooks Hooks) error {
	receiving, stopReceiving := context.WithCancel(ctx)
	defer stopReceiving()
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	run := &running{receiving: receiving, sending: sending, failed: make(chan error, 1)}
	if err := r.begin(run); err != nil {
		return err
	}
	if hooks.Ready != nil {
		hooks.Ready()
	}
	err := r.watch(ctx, run, hooks)

	stopReceiving()
	// The limit counts from now on, also for what is in the middle of being sent.
	limit := time.AfterFunc(r.config().StopLimit, stopSending)
	defer limit.Stop()
	r.change.Lock()
	r.run = nil // a reload from here on starts nothing
	r.change.Unlock()
	run.loops.Wait()
	return err
}

// begin starts all inlets.
func (r *Relay) begin(run *running) error {
	r.change.Lock()
	defer r.change.Unlock()
	switch {
	case r.closed:
		return transport.ErrClosed
	case r.run != nil:
		return errors.New("relay: runs already")
	}
	r.run = run
	for _, in := range r.inlets {
		run.start(in)
	}
	return nil
}

// watch tells the hooks how things are, until ctx ends or a source fails.
func (r *Relay) watch(ctx context.Context, run *running, hooks Hooks) error {
	beats, stopBeats := ticks(hooks.BeatInterval, hooks.Beat != nil)
	defer stopBeats()
	status, stopStatus := ticks(statusInterval, hooks.Status != nil)
	defer stopStatus()
	presence := time.NewTicker(presenceInterval)
	defer presence.Stop()
	var last totals
	if hooks.Status != nil {
		hooks.Status(r.status(&last)) // there is no rate yet
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-run.failed:
			return err
		case <-beats:
			if r.alive() {
				hooks.Beat()
			}
		case <-status:
			hooks.Status(r.status(&last))
		case now := <-presence.C:
			r.lookForSubscribers(now)
			r.lookForPublishers(now)
		}
	}
}

// ticks returns a channel that ticks, one that never does where nobody listens.
func ticks(every time.Duration, wanted bool) (<-chan time.Time, func()) {
	if !wanted || every <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(every)
	return t.C, t.Stop
}

// alive tells whether no loop has been busy with one batch since it was asked last.
func (r *Relay) alive() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := true
	for _, in := range r.inlets {
		all = in.beat.beats() && all
	}
	return all
}
