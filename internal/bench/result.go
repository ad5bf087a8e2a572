package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
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

// median returns the one in the middle, of two the higher one.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// ratios divides the rates of a way by those of another one in the same rounds.
func ratios(of, by []float64) []float64 {
	var all []float64
	for i := range of {
		all = append(all, of[i]/by[i])
	}
	return all
}

// report writes a table.
func report(title string, results []*result, out io.Writer) error {
	i := slices.IndexFunc(results, func(r *result) bool { return r.name == reference })
	reference := results[i]
	if _, err := fmt.Fprintf(out, "\n%s, medians of %d rounds\n\n", title, len(reference.rates)); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	// The writer keeps its errors for Flush.
	_, _ = fmt.Fprintf(w, "way\tmessages/s\tof %s\t(lowest to highest)\tCPU s per million\tmemory MB\tdelay p50 µs\tp99 µs\t\n", reference.name)
	for _, r := range results {
		ratio := ratios(r.rates, reference.rates)
		_, _ = fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%.2f to %.2f\t", r.name, median(r.rates), median(ratio), slices.Min(ratio), slices.Max(ratio))
		if r.middle == nil {
			_, _ = fmt.Fprint(w, "-\t-\t")
		} else {
			_, _ = fmt.Fprintf(w, "%.2f\t%.1f\t", median(r.cpu).Seconds(), float64(r.memory)/(1<<20))
		}
		_, _ = fmt.Fprintf(w, "%.0f\t%.0f\t\n", micros(median(r.p50)), micros(median(r.p99)))
	}
	return w.Flush()
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
