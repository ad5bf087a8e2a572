package relay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// wanted are the topics that the route subscribes to now.
func (r *route) wanted() topics {
	if !r.OnDemand {
		return r.topics
	}
	var demand topics
	if asked := r.outlet.demand.Load(); asked != nil {
		demand = r.process.upstream(*asked)
	}
	return r.topics.common(demand)
}

// common returns what both cover.
func (t topics) common(other topics) topics {
	var both topics
	for _, a := range t {
		for _, b := range other {
			switch {
			case strings.HasPrefix(a, b):
				both = append(both, a)
			case strings.HasPrefix(b, a):
				both = append(both, b)
			}
		}
	}
	return both.normal()
}

// followDemand keeps up what the subscribers of sinks ask for, of those that feed a route on demand. Of others nobody asks, and looking through all topics of
// many subscribers has its price. The caller holds change.
func (r *Relay) followDemand(now layout) {
	for out := range now.onDemand() {
		if out.unfollow == nil {
			out.unfollow = r.follow(out)
		}
	}
}

// unfollowDemand ends that where it is wanted no longer. The caller holds change.
func (r *Relay) unfollowDemand(now layout) {
	wanted := now.onDemand()
	for _, out := range now.outlets {
		if out.unfollow != nil && !wanted[out] {
			out.unfollow()
			out.unfollow = nil
			out.demand.Store(nil)
		}
	}
}

// onDemand returns the sinks that feed a route on demand.
func (l layout) onDemand() map[*outlet]bool {
	wanted := make(map[*outlet]bool)
	for _, route := range l.routes {
		if route.OnDemand {
			wanted[route.outlet] = true
		}
	}
	return wanted
}

// follow begins to keep up what the subscribers of a sink ask for; stop ends that and waits until it has ended.
func (r *Relay) follow(out *outlet) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { out.watch(ctx, func() { r.demandChanged(out) }, r.log) })
	return func() {
		cancel()
		following.Wait()
	}
}

const (
	// demandFree topics are looked through as often as they change. With more there is a pause of demandPause for each before they are looked through again,
	// some ten times as long as that takes (7 ms for 10,000): a thousand subscribers may come one after the other.
	demandFree  = 100
	demandPause = 10 * time.Microsecond
)

// watch keeps up what the subscribers of the sink ask for, and calls changed each time that it is something else, until ctx ends.
func (out *outlet) watch(ctx context.Context, changed func(), log *zap.Logger) {
	var known topics
	for {
		asked, err := out.sink.Demand(ctx, known)
		switch {
		case ctx.Err() != nil, errors.Is(err, transport.ErrClosed):
			return
		case err != nil:
			log.Error("subscribers of a sink can't be followed", zap.String("service", out.cfg.Name), zap.Error(err))
			return
		}
		known = asked
		demand := known.normal()
		if before := out.demand.Swap(&demand); before == nil || !slices.Equal(*before, demand) {
			changed()
		}
		if len(known) > demandFree {
			pause(ctx, time.Duration(len(known))*demandPause)
		}
	}
}

// pause waits, for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// demandChanged subscribes to what the subscribers of a sink ask for now.
func (r *Relay) demandChanged(out *outlet) {
	r.mu.Lock()
	feeding := make(map[*inlet]string)
	for _, route := range r.routes {
		if route.OnDemand && route.outlet == out {
			feeding[r.inlets[route.sourceKey]] = route.Name
		}
	}
	r.mu.Unlock()
	for in, name := range feeding {
		if err := in.subscribe(); err != nil && !errors.Is(err, transport.ErrClosed) {
			r.log.Error("demand not passed on", zap.String("route", name), zap.Error(err))
		}
	}
}
