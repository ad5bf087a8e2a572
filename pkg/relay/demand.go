package relay

import (
	"context"
	"errors"
	"slices"
	"strings"

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
