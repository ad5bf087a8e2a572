package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/discovery"
)

// openAll puts into after what plans need: what is there already, and what is new.
func (r *Relay) openAll(plans []plan, before layout, after *layout) error {
	var errs []error
	for _, p := range plans {
		if err := r.needOutlet(p, plans, before, after); err != nil {
			errs = append(errs, fmt.Errorf("route %q: sink: %w", p.Name, err))
		}
	}
	for _, p := range plans {
		if err := r.needInlet(p, before, after); err != nil {
			errs = append(errs, fmt.Errorf("route %q: source: %w", p.Name, err))
		}
	}
	return errors.Join(errs...)
}

// needInlet finds or opens the source of a plan.
func (r *Relay) needInlet(p plan, before layout, after *layout) error {
	if after.inlets[p.sourceKey] != nil {
		return nil
	}
	if in := before.inlets[p.sourceKey]; in != nil {
		after.inlets[p.sourceKey] = in
		return nil
	}
	if err := r.own.check(p.Source.Addresses); err != nil {
		return err
	}
	source, err := r.openSource(p.Source, r.accept, func() { r.originsChanged(p.sourceKey) }, r.linkTeller(p))
	if err != nil {
		return err
	}
	after.inlets[p.sourceKey] = &inlet{source: source, flows: flows{counting: r.opts.Watch != nil}, subjects: &r.subjects}
	return nil
}

// linkTeller returns who is told of the publishers of the source of p; nil: nobody is.
func (r *Relay) linkTeller(p plan) func(LinkChange) {
	if r.opts.Watch == nil || r.opts.Watch.Link == nil {
		return nil
	}
	return func(c LinkChange) {
		if c.Routes = r.fedBy(p.sourceKey); len(c.Routes) == 0 {
			c.Routes = []string{p.Name} // it is being opened
		}
		r.opts.Watch.Link(c)
	}
}

// needOutlet finds or opens the sink of a plan. A sink that goes and has its port makes room.
func (r *Relay) needOutlet(p plan, plans []plan, before layout, after *layout) error {
	if after.outlets[p.sinkKey] != nil {
		return nil
	}
	if out := before.outlets[p.sinkKey]; out != nil && !out.vacated { // a vacated one could not be bound again
		after.outlets[p.sinkKey] = out
		return nil
	}
	stays := func(key string) bool {
		return slices.ContainsFunc(plans, func(p plan) bool { return p.sinkKey == key })
	}
	for key, out := range before.outlets {
		if !stays(key) && out.cfg.collides(p.Sink) {
			if err := r.vacate(out); err != nil {
				return err
			}
		}
	}
	out, err := r.bind(p)
	if err != nil {
		return err
	}
	after.outlets[p.sinkKey] = out
	return nil
}

// accept says which of the publishers that were found may be connected to.
func (r *Relay) accept(e discovery.Entry) error {
	return cmp.Or(r.own.accept(e), r.echoes.accept(e))
}

func (r *Relay) bind(p plan) (*outlet, error) {
	out, err := r.own.add(func() (*outlet, error) {
		id := r.echoes.newSink()
		sink, err := r.openSink(p.Sink, id)
		if err != nil {
			return nil, err
		}
		return &outlet{cfg: p.Sink, sink: sink, id: id, origins: make(chan struct{}, 1)}, nil
	})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	out.stop = stop
	out.watching.Go(func() { r.carry(ctx, out) })
	return out, nil
}

// vacate closes a sink whose port another one needs, after its routes have stopped using it. The caller holds change.
func (r *Relay) vacate(out *outlet) error {
	if out.vacated {
		return nil
	}
	r.mu.Lock()
	inlets := maps.Clone(r.inlets)
	r.mu.Unlock()
	for key, in := range inlets {
		in.keep(slices.DeleteFunc(r.active(key), func(route *route) bool { return route.outlet == out }))
	}
	out.vacated = true
	r.own.remove(out)
	r.echoes.remove(out.id)
	return out.close()
}

// restore binds again what was vacated for something that could not be opened. Its routes go on.
func (r *Relay) restore(before layout) error {
	var errs []error
	vacated := false
	for i, route := range before.routes {
		if !route.outlet.vacated {
			continue
		}
		vacated = true
		out, err := r.rebound(before, route)
		if err != nil {
			errs = append(errs, fmt.Errorf("route %q: sink: bind again: %w", route.Name, err))
			continue
		}
		again := *route
		again.outlet = out
		before.routes[i] = &again
	}
	if !vacated {
		return nil
	}
	r.install(r.cfg, before)
	r.originsChanged("")
	for key, in := range before.inlets {
		errs = append(errs, in.feed(r.active(key)))
	}
	return errors.Join(errs...)
}

// rebound returns the sink that stands for a vacated one.
func (r *Relay) rebound(before layout, route *route) (*outlet, error) {
	if out := before.outlets[route.sinkKey]; !out.vacated {
		return out, nil // another route was first
	}
	out, err := r.bind(route.plan)
	if err == nil {
		before.outlets[route.sinkKey] = out
	}
	return out, err
}
