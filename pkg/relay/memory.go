package relay

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/zap"
)

// makeRoutes makes the routes of plans. One that has not changed is the one that was; one that has keeps of its memory what still fits.
func (r *Relay) makeRoutes(cfg Config, plans []plan, before, after layout) ([]*route, error) {
	memories := r.memories(cfg, plans, before)
	var routes []*route
	var errs []error
	for _, p := range plans {
		made := &route{plan: p, topics: newTopics(p.Source.Topics), loops: memories[p.memory()], outlet: after.outlets[p.sinkKey]}
		old := before.route(p.Name)
		if old != nil && old.same(made) {
			routes = append(routes, old)
			continue
		}
		if err := r.complete(made, old); err != nil {
			errs = append(errs, fmt.Errorf("route %q: %w", p.Name, err))
		}
		routes = append(routes, made)
	}
	return routes, errors.Join(errs...)
}

// complete fills in the rest of a route that takes the place of old, nil: of none.
func (r *Relay) complete(made, old *route) (err error) {
	made.every = slices.Contains(made.topics, everyTopic)
	if old == nil {
		made.counts, made.log = new(counters), r.log.With(zap.String("route", made.Name))
		made.process, err = newProcess(made.plan, nil)
		return err
	}
	made.counts, made.log = old.counts, old.log
	made.process, err = newProcess(made.plan, old)
	return err
}

// route returns the route of that name, or nil.
func (l layout) route(name string) *route {
	i := slices.IndexFunc(l.routes, func(route *route) bool { return route.Name == name })
	if i < 0 {
		return nil
	}
	return l.routes[i]
}

// same tells whether a reload has not changed anything of a route.
func (r *route) same(other *route) bool {
	return r.outlet == other.outlet && r.loops == other.loops && reflect.DeepEqual(r.plan, other.plan)
}

// memory is the name of what a route remembers, "" where it remembers nothing.
func (p plan) memory() string {
	switch {
	case p.Loops == LoopsPass:
		return ""
	case p.LoopGroup != "":
		return "group " + p.LoopGroup
	}
	return "route " + p.Name
}

// memories returns what the routes of plans remember: what they remembered, unless its bounds have changed.
func (r *Relay) memories(cfg Config, plans []plan, before layout) map[string]*loops {
	memories := make(map[string]*loops)
	for _, old := range before.routes {
		if old.loops != nil && old.loops.sameBounds(cfg.LoopWindow, cfg.LoopEntries) {
			memories[old.memory()] = old.loops
		}
	}
	for _, p := range plans {
		if name := p.memory(); name != "" && memories[name] == nil {
			memories[name] = newLoops(cfg.LoopWindow, cfg.LoopEntries, r.log.With(zap.String("loops", name)))
		}
	}
	return memories
}
