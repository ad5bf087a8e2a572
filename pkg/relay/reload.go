package relay

import (
	"errors"
	"maps"
	"slices"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Reload makes cfg count. Routes that have not changed are not touched, nor are sources and sinks that are needed as they are: their connections
// stay. When something can't be bound or opened, all is as it was before, but for subscribers of a sink that had to
// make room for another on its port. Counters go on by the names of the routes.
func (r *Relay) Reload(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	r.change.Lock()
	defer r.change.Unlock()
	if r.closed {
		return transport.ErrClosed
	}
	defer r.changed()
	return r.apply(cfg)
}

// layout is what a relay consists of.
type layout struct {
	routes  []*route
	inlets  map[string]*inlet
	outlets map[string]*outlet
}

// apply brings the relay from what it is to cfg. The caller holds change.
func (r *Relay) apply(cfg Config) error {
	before := r.layout()
	plans := cfg.plansWithKeys()
	if err := r.checkKeys(plans, before); err != nil {
		return err // before a sink makes room for one that can't be
	}
	after := layout{inlets: make(map[string]*inlet), outlets: make(map[string]*outlet)}
	if err := r.openAll(plans, before, &after); err != nil {
		return errors.Join(err, r.abandon(before, after))
	}
	routes, err := r.makeRoutes(cfg, plans, before, after)
	if err != nil {
		return errors.Join(err, r.abandon(before, after))
	}
	after.routes = routes
	r.install(cfg, after)
	r.followDemand(after)
	err = r.changeOver(before, after)
	r.unfollowDemand(after)
	r.originsChanged("")
	r.tell(before, after)
	return err
}

// changeOver lets the routes of after carry what comes from now on. No message is on its way through a route's old form and its new one at
// the same time: new sources collect until the old ones are empty and closed.
func (r *Relay) changeOver(before, after layout) error {
	var errs []error
	for key, in := range after.inlets {
		if before.inlets[key] == nil {
			errs = append(errs, in.feed(r.active(key)))
		}
	}
	for key, in := range before.inlets {
		if after.inlets[key] == nil {
			errs = append(errs, in.close(r.config().StopLimit))
		}
	}
	for key, in := range before.inlets {
		if after.inlets[key] != nil {
			in.keep(r.active(key)) // what goes to another source goes first
		}
	}
	for key, in := range after.inlets {
		if before.inlets[key] != nil {
			errs = append(errs, in.feed(r.active(key)))
		} else if r.run != nil {
			r.run.start(in)
		}
	}
	return errors.Join(append(errs, r.closeOutlets(gone(before, after)))...)
}

// gone returns the sinks of before that are not in after.
func gone(before, after layout) map[string]*outlet {
	closing := make(map[string]*outlet)
	for key, out := range before.outlets {
		if after.outlets[key] != out && !out.vacated {
			closing[key] = out
		}
	}
	return closing
}

// abandon closes what was opened for after, and brings before back.
func (r *Relay) abandon(before, after layout) error {
	var errs []error
	for key, in := range after.inlets {
		if before.inlets[key] != in {
			errs = append(errs, in.close(r.config().StopLimit))
		}
	}
	errs = append(errs, r.closeOutlets(gone(after, before)), r.restore(before))
	return errors.Join(errs...)
}

func (r *Relay) layout() layout {
	r.mu.Lock()
	defer r.mu.Unlock()
	return layout{slices.Clone(r.routes), maps.Clone(r.inlets), maps.Clone(r.outlets)}
}

// install makes a layout the relay's.
func (r *Relay) install(cfg Config, now layout) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := layout{routes: r.routes}
	for _, route := range now.routes {
		if old := before.route(route.Name); old != nil && old.Paused != route.Paused {
			delete(r.paused, route.Name) // what the settings say now counts
		}
	}
	r.cfg = cfg
	r.subjects.setDepth(cfg.SubjectDepth)
	r.routes, r.inlets, r.outlets = now.routes, maps.Clone(now.inlets), maps.Clone(now.outlets)
	names := make(map[string]bool)
	for _, route := range now.routes {
		names[route.Name] = true
		r.counts[route.Name] = route.counts
	}
	maps.DeleteFunc(r.counts, func(name string, _ *counters) bool { return !names[name] })
	maps.DeleteFunc(r.paused, func(name string, _ bool) bool { return !names[name] })
}

// tell logs what has changed.
func (r *Relay) tell(before, after layout) {
	was := make(map[string]*route)
	for _, route := range before.routes {
		was[route.Name] = route
	}
	for _, route := range after.routes {
		switch old := was[route.Name]; {
		case old == nil:
			r.log.Info("route added", zap.String("route", route.Name), zap.Stringer("endpoint", route.outlet.sink.Endpoints()[0]))
		case old != route:
			r.log.Info("route changed", zap.String("route", route.Name), zap.Stringer("endpoint", route.outlet.sink.Endpoints()[0]))
		}
		delete(was, route.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		r.log.Info("route removed", zap.String("route", name))
	}
}
