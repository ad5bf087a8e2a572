package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// printTable prints what was seen.
func printTable(out io.Writer, w *world, c *churn, r *results) {
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "program\tmemory, MiB\t\tgoroutines\t\tdescriptors\t\tidle: goroutines\t\tdescriptors\t")
	fmt.Fprintln(t, "\twarm\tend\twarm\tend\twarm\tend\tbefore\tafter\tbefore\tafter")
	for _, g := range w.gauges() {
		warm, end := g.warm(), g.end()
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%d\t%d\t%d\t%d", g.name, mebi(warm), mebi(end), warm.goroutines, end.goroutines, warm.descriptors, end.descriptors)
		if g.http != "" {
			fmt.Fprintf(t, "\t%d\t%d\t%d\t%d", g.idle.goroutines, g.idleEnd.goroutines, g.idle.descriptors, g.idleEnd.descriptors)
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush() // what can't be printed has no reader
	killed := 0
	for _, l := range c.lives() {
		if l.killed {
			killed++
		}
	}
	fmt.Fprintf(out, "\nmessages received %d, lost %d, twice or late %d, not as sent %d\n", r.received, r.lost, r.again, r.bad)
	fmt.Fprintf(out, "lookups %d, wrong %d\n", r.asked, r.wrong)
	if n, longest := w.plain.stalls.count(); n > 0 || r.starved > 0 {
		fmt.Fprintf(out, "this machine stood still for more than a second %d times, %s at most: %d lookups without an answer then don't count\n", n, longest.Round(time.Second/10), r.starved)
	}
	fmt.Fprintf(out, "publishers that came and went %d, of these killed %d; subscribers %d\n", len(c.lives()), killed, c.passed)
}

func mebi(s sample) float64 { return float64(s.memory) / (1 << 20) }
