package main

import (
	"fmt"
	"slices"
	"time"
)

// result is what was measured of a way, one value for each round.
type result struct {
	*line
	rates    []float64       // messages a second
	cpu      []time.Duration // of what is in the middle, for a million messages
	memory   int64           // of that, bytes at most
	p50, p99 []time.Duration
}

// measureRate is one round at full speed.
func (r *result) measureRate(d time.Duration) error {
	before, err := r.used()
	if err != nil {
		return err
	}
	perSecond, all, err := r.load.rate(d)
	if err != nil {
		return r.explain(err)
	}
	after, err := r.used()
	if err != nil {
		return err
	}
	r.rates = append(r.rates, perSecond)
	r.cpu = append(r.cpu, time.Duration(float64(after.cpu-before.cpu)/all*1e6))
	r.memory = after.memory
	return nil
}

// measureDelay is one round at a thousand messages a second.
func (r *result) measureDelay(count int) error {
	p50, p99, err := r.load.delay(count, time.Millisecond)
	if err != nil {
		return r.explain(err)
	}
	r.p50, r.p99 = append(r.p50, p50), append(r.p99, p99)
	return nil
}

func (l *line) used() (usage, error) {
	if l.middle == nil {
		return usage{}, nil
	}
	return l.middle.usage()
}

// explain adds to an error what the program in the middle has written.
func (l *line) explain(err error) error {
	if l.middle == nil {
		return err
	}
	l.middle.stop()
	return l.middle.explain(err)
}

// relayRows are the lines of the table: rates first, then delays.
func relayRows(results []*result, size int) []row {
	i := slices.IndexFunc(results, func(r *result) bool { return r.name == reference })
	other := results[i]
	var rates, delays []row
	for _, r := range results {
		if r == other {
			continue
		}
		what := fmt.Sprintf("relay, %s, %d B", r.name, size)
		rates = append(rates, row{what: what, unit: "messages/s", ours: r.rateSeries(), other: other.rateSeries(), figure: r.figure})
		delays = append(delays, row{what: "delay p50, " + what, unit: "µs", ours: delaySeries(r.name, r.p50), other: delaySeries(other.name, other.p50), kind: within},
			row{what: "delay p99, " + what, unit: "µs", ours: delaySeries(r.name, r.p99), other: delaySeries(other.name, other.p99), kind: within})
	}
	return append(rates, delays...)
}

func (r *result) rateSeries() *series {
	s := &series{name: r.name, values: r.rates, memory: r.memory}
	if r.middle != nil {
		for _, d := range r.cpu {
			s.cpu = append(s.cpu, d.Seconds())
		}
	}
	return s
}

func delaySeries(name string, delays []time.Duration) *series {
	s := &series{name: name}
	for _, d := range delays {
		s.values = append(s.values, micros(d))
	}
	return s
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
