package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Times of the lines of status.
const (
	statusInterval = 10 * time.Second // between two, for the rates
	statusDelay    = time.Second      // from a change of routes or publishers, so that many changes make one line; rates of less time tell nothing
)

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
	status := newStatusTimes(hooks.Status != nil, r.news)
	defer status.stop()
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
		case <-status.news:
			status.soon()
		case <-status.due:
			status.later()
			hooks.Status(r.status(&last))
		case now := <-presence.C:
			r.lookForSubscribers(now)
			r.lookForPublishers(now)
		}
	}
}

// statusTimes tells when a line of status is due: after an interval, and soon after news.
type statusTimes struct {
	timer *time.Timer
	due   <-chan time.Time
	news  <-chan struct{}
	hurry bool // it is due soon already
}

// newStatusTimes begins with the interval; what is new already stands in the line that the caller has just told. Where nobody listens it is never due.
func newStatusTimes(wanted bool, news <-chan struct{}) *statusTimes {
	if !wanted {
		return &statusTimes{}
	}
	select {
	case <-news:
	default:
	}
	timer := time.NewTimer(statusInterval)
	return &statusTimes{timer: timer, due: timer.C, news: news}
}

func (s *statusTimes) soon() {
	if !s.hurry {
		s.hurry = true
		s.timer.Reset(statusDelay)
	}
}

func (s *statusTimes) later() {
	s.hurry = false
	s.timer.Reset(statusInterval)
}

func (s *statusTimes) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

// changed says that the line of status has changed.
func (r *Relay) changed() {
	select {
	case r.news <- struct{}{}:
	default: // that is known already
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
