package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// series is what was measured of one of those that are compared, one value for each round.
type series struct {
	name   string
	values []float64
	cpu    []float64 // seconds of all processors for a million messages; none: not measured
	memory int64     // bytes at most; 0: not measured
}

// kind says how a figure is to be read.
type kind int

const (
	more   kind = iota // ours divided by the other: at least
	sooner             // the other's time divided by ours: at least
	within             // our time divided by the other's: at most
	most               // ours alone: at most
	least              // ours alone: at least, in every round
)

// row is a line of the table.
type row struct {
	what        string
	unit        string
	ours, other *series // other is nil where ours stands alone
	kind        kind
	figure      float64 // that is to be reached; 0: none
	failure     string  // why nothing was measured; then the rest is not set
}

func (r row) failed() bool { return r.failure != "" }

// ratios compares ours with the other round by round, or returns ours alone.
func (r row) ratios() []float64 {
	if r.other == nil {
		return r.ours.values
	}
	a, b := r.ours.values, r.other.values
	if r.kind == sooner {
		a, b = b, a
	}
	var all []float64
	for i := range a {
		all = append(all, a[i]/b[i])
	}
	return all
}

// reached tells whether the figure is, "" where there is none.
func (r row) reached() string {
	if r.failed() {
		return "failed"
	}
	ratios := r.ratios()
	got := median(ratios)
	if r.kind == least {
		got = slices.Min(ratios)
	}
	switch {
	case r.figure == 0:
		return ""
	case (r.kind == within || r.kind == most) && got <= r.figure, r.kind != within && r.kind != most && got >= r.figure:
		return "yes"
	}
	return "no"
}

// columns are the heads of the table.
var columns = []string{"what", "beside", "unit", "ours", "the other", "ratio", "lowest to highest", "figure", "reached",
	"CPU s per million: ours", "the other", "memory MB: ours", "the other"}

// cells are what stands in a line.
func (r row) cells() []string {
	if r.failed() {
		cells := make([]string, len(columns))
		cells[0], cells[1], cells[8] = r.what, r.failure, r.reached()
		return cells
	}
	beside, other, ratio := "", "", ""
	if r.other != nil {
		beside, other, ratio = r.other.name, number(median(r.other.values)), number(median(r.ratios()))
	}
	all := r.ratios()
	cells := []string{r.what, beside, r.unit, number(median(r.ours.values)), other, ratio,
		number(slices.Min(all)) + " to " + number(slices.Max(all)), r.goal(), r.reached(), r.ours.cost(), "", r.ours.megabytes(), ""}
	if r.other != nil {
		cells[10], cells[12] = r.other.cost(), r.other.megabytes()
	}
	return cells
}

func (r row) goal() string {
	switch {
	case r.figure == 0:
		return ""
	case r.kind == within || r.kind == most:
		return "≤ " + number(r.figure)
	}
	return "≥ " + number(r.figure)
}

func (s *series) cost() string {
	if len(s.cpu) == 0 {
		return ""
	}
	return number(median(s.cpu))
}

func (s *series) megabytes() string {
	if s.memory == 0 {
		return ""
	}
	return number(float64(s.memory) / (1 << 20))
}

// number writes a number with as many digits as say something.
func number(v float64) string {
	switch {
	case v >= 1000:
		return thousands(int64(v + 0.5))
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v == 0:
		return "0"
	}
	return fmt.Sprintf("%.2f", v)
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// median returns the one in the middle, of two the higher one.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// summary says how many figures are reached.
func summary(rows []row) string {
	text := fmt.Sprintf("%d of %d figures are reached.", count(rows, func(r row) bool { return r.reached() == "yes" }), count(rows, func(r row) bool { return r.figure != 0 }))
	if n := count(rows, row.failed); n > 0 {
		text += fmt.Sprintf(" %d of the measurements failed.", n)
	}
	return text
}

func count(rows []row, is func(row) bool) (n int) {
	for _, r := range rows {
		if is(r) {
			n++
		}
	}
	return n
}

// writeText writes the table for a terminal.
func writeText(rows []row, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	// The writer keeps its errors for Flush.
	_, _ = fmt.Fprintln(w, strings.Join(columns, "\t"))
	for _, r := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(r.cells(), "\t"))
	}
	return w.Flush()
}
