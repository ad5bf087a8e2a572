package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// How much a program may have grown from the second quarter of the load to the last one: by the tenth part and so much. Medians are compared, since how many publishers are
// there changes all the time, and memory is given back some time after it was used.
const (
	growthMemory      = 8 << 20
	growthGoroutines  = 8
	growthDescriptors = 8
	// growthIdle is how many more goroutines, and descriptors, a daemon may have some time after all others have gone than before they came.
	growthIdle = 4
	// idleTime is until when it has to be so.
	idleTime = time.Minute
)

// sample is what a program has at a time.
type sample struct {
	memory                  int64 // bytes
	goroutines, descriptors int
}

// gauge samples a program that is there all the time.
type gauge struct {
	*process
	http    string // where a daemon tells of itself; "" for a party
	idle    sample // before the load
	idleEnd sample // after it
	samples []sample
}

// take samples the program.
func (g *gauge) take(ctx context.Context) (s sample, err error) {
	if g.http != "" {
		s.goroutines, err = goroutines(ctx, g.http)
	} else {
		s.goroutines, err = g.ask(new(any))
	}
	if err != nil {
		return s, g.explain(err)
	}
	if s.descriptors, err = g.descriptors(); err != nil {
		return s, err
	}
	s.memory, err = g.resident()
	return s, err
}

// sampleAll samples all of them each second until ctx ends.
func sampleAll(ctx context.Context, all []*gauge) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for _, g := range all {
			s, err := g.take(context.WithoutCancel(ctx))
			if err != nil {
				return err
			}
			g.samples = append(g.samples, s)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// medians are those of each kind.
func medians(samples []sample) sample {
	return sample{
		memory:      median(samples, func(s sample) int64 { return s.memory }),
		goroutines:  median(samples, func(s sample) int { return s.goroutines }),
		descriptors: median(samples, func(s sample) int { return s.descriptors }),
	}
}

func median[T cmp.Ordered](samples []sample, of func(sample) T) (m T) {
	var values []T
	for _, s := range samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	if len(values) > 0 {
		m = values[len(values)/2]
	}
	return m
}

// warm and end are what the program had in the second quarter of the load, and in the last.
func (g *gauge) warm() sample { return medians(g.samples[len(g.samples)/4 : len(g.samples)/2]) }
func (g *gauge) end() sample  { return medians(g.samples[len(g.samples)*3/4:]) }

// grown says by what the program has grown beyond bounds.
func (g *gauge) grown() (found []string) {
	warm, end := g.warm(), g.end()
	add := func(what string, from, to, most int64) {
		if to > from+from/10+most {
			found = append(found, fmt.Sprintf("%s: %s from %d to %d, at most %d", g.name, what, from, to, from+from/10+most))
		}
	}
	add("memory", warm.memory, end.memory, growthMemory)
	add("goroutines", int64(warm.goroutines), int64(end.goroutines), growthGoroutines)
	add("descriptors", int64(warm.descriptors), int64(end.descriptors), growthDescriptors)
	return found
}

// awaitIdle waits until a daemon has what it had before the load.
func (g *gauge) awaitIdle(ctx context.Context) error {
	return until(ctx, idleTime, func() (err error) {
		if g.idleEnd, err = g.take(ctx); err != nil {
			return err
		}
		if g.idleEnd.goroutines > g.idle.goroutines+growthIdle || g.idleEnd.descriptors > g.idle.descriptors+growthIdle {
			return fmt.Errorf("%s: %d goroutines and %d descriptors before the load, %d and %d after it", g.name,
				g.idle.goroutines, g.idle.descriptors, g.idleEnd.goroutines, g.idleEnd.descriptors)
		}
		return nil
	})
}
