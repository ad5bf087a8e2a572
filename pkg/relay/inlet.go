package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// batchSize is the number of messages that are taken from a source in one go.
const batchSize = 256

// inlet is a source with the routes that it feeds.
type inlet struct {
	source Source
	beat   heart
	stop   context.CancelFunc // lets run end; nil: it does not run
	cut    context.CancelFunc // ends it at once
	done   chan struct{}      // closed when run has ended

	absences absences // of publishers; used by Relay.watch alone
	flows    flows
	subjects *subjects // of the relay

	asking sync.Mutex // held while topics change

	// Held while a batch goes through the routes: who has changed them knows that no message is on its way through the old ones.
	mu     sync.Mutex
	routes []*route
	boxes  []*outbox // of routes, one by one
	loops  []*loops  // of routes, each once
}

// feed sets the routes, and subscribes to what they want together.
func (in *inlet) feed(routes []*route) error {
	in.mu.Lock()
	in.set(routes)
	in.mu.Unlock()
	return in.subscribe()
}

// set takes over routes. The caller holds mu.
func (in *inlet) set(routes []*route) {
	in.routes, in.boxes, in.loops = routes, newOutboxes(routes), nil
	for _, r := range routes {
		if r.loops != nil && !slices.Contains(in.loops, r.loops) {
			in.loops = append(in.loops, r.loops)
		}
	}
}

// routeNames are the names of the routes that it feeds.
func (in *inlet) routeNames() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	names := make([]string, 0, len(in.routes))
	for _, r := range in.routes {
		names = append(names, r.Name)
	}
	return names
}

// subscribe asks for what the routes want together now.
func (in *inlet) subscribe() error {
	in.asking.Lock()
	defer in.asking.Unlock()
	in.mu.Lock()
	routes := in.routes // is replaced as a whole
	in.mu.Unlock()
	var wanted topics
	for _, r := range routes {
		wanted = append(wanted, r.wanted()...)
	}
	if err := in.source.SetTopics(wanted.normal()); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// keep takes off all routes but those that are as they are in routes. The topics stay.
func (in *inlet) keep(routes []*route) {
	in.mu.Lock()
	defer in.mu.Unlock()
	var kept []*route
	for _, old := range in.routes {
		if slices.ContainsFunc(routes, old.same) {
			kept = append(kept, old)
		}
	}
	in.set(kept)
}

// close ends the inlet. What it has received by then goes to its routes, within limit: its publishers may be faster than the routes, or all that
// is queued may be for nobody.
func (in *inlet) close(limit time.Duration) error {
	if in.stop != nil {
		in.stop()
		late := time.AfterFunc(limit, in.cut)
		defer late.Stop()
		<-in.done
	}
	return in.source.Close()
}

// run feeds the routes until ctx ends, and then with what has arrived until sending ends.
func (in *inlet) run(ctx, sending context.Context) error {
	batch := make([]Received, 0, batchSize)
	for {
		var err error
		batch, err = in.source.Receive(ctx, batch[:0])
		in.pass(sending, batch)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return in.drain(sending, batch)
		case errors.Is(err, transport.ErrClosed):
			return nil
		default:
			return err
		}
	}
}

// drain passes on what has arrived, until nothing is left or sending ends.
func (in *inlet) drain(sending context.Context, batch []Received) error {
	for {
		var err error
		batch, err = in.source.Take(sending, batch[:0])
		in.pass(sending, batch)
		switch {
		case sending.Err() != nil, errors.Is(err, transport.ErrClosed):
			return nil
		case err != nil, len(batch) == 0:
			return err
		}
	}
}

// pass hands a batch to the routes.
func (in *inlet) pass(ctx context.Context, batch []Received) {
	if len(batch) == 0 {
		return
	}
	in.beat.begin()
	in.mu.Lock()
	for _, l := range in.loops {
		l.expect(batch)
	}
	now := time.Now()
	if in.flows.counting {
		in.flows.note(batch, now)
		in.subjects.note(batch, now)
	}
	for i := range batch {
		for j, r := range in.routes {
			r.take(ctx, &batch[i], in.boxes[j], now)
		}
	}
	for _, box := range in.boxes {
		box.flush(ctx)
	}
	in.mu.Unlock()
	in.beat.end()
	clear(batch)
}

// heart tells whether a loop goes round: it is idle, or was since it was asked last.
type heart struct {
	rounds atomic.Uint64 // odd while a batch is under way
	seen   uint64        // of who asks
}

func (h *heart) begin() { h.rounds.Add(1) }
func (h *heart) end()   { h.rounds.Add(1) }

// beats is asked by one goroutine.
func (h *heart) beats() bool {
	now := h.rounds.Load()
	stuck := now%2 == 1 && now == h.seen
	h.seen = now
	return !stuck
}
