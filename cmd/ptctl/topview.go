package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pytroll/posttroll-go/internal/textlines"
)

// topView is what top shows, and how.
type topView struct {
	by      int    // of groupings
	order   int    // of orders
	filter  string // a part of the keys shown, in any case of letters; empty: all
	reverse bool
	limit   int // rows; 0: all
	width   int // of lines; 0: any
}

const topColumns = "%10s %9s %10s %9s %9s %9s  %s"

// write writes the head and rows.
func (v *topView) write(w io.Writer, rows []measured) error {
	var b strings.Builder
	head := fmt.Sprintf(topColumns, "MESSAGES", "RATE/s", "BYTES/s", "DELAY", "LAST", "GAP", strings.ToUpper(groupings[v.by].name))
	b.WriteString(v.cut(head) + "\n")
	shown := v.shown(rows)
	for _, r := range shown {
		b.WriteString(v.cut(topLine(r)) + "\n")
	}
	if left := v.matching(rows) - len(shown); left > 0 {
		b.WriteString(v.cut(fmt.Sprintf("%10s %d more", "…", left)) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func topLine(r measured) string {
	return fmt.Sprintf(topColumns, fmt.Sprint(r.Messages), fmt.Sprintf("%.1f", r.Rate), amount(int64(r.Throughput)),
		brief(r.Delay), brief(r.Silence), brief(r.Gap), textlines.Printable(r.Key))
}

// shown are the rows that are written, in their order.
func (v *topView) shown(rows []measured) []measured {
	var shown []measured
	for _, r := range rows {
		if v.matches(r.Key) {
			shown = append(shown, r)
		}
	}
	sortRows(shown, v.order)
	if v.reverse {
		for i, j := 0, len(shown)-1; i < j; i, j = i+1, j-1 {
			shown[i], shown[j] = shown[j], shown[i]
		}
	}
	if v.limit > 0 && len(shown) > v.limit {
		shown = shown[:v.limit]
	}
	return shown
}

func (v *topView) matches(key string) bool {
	return strings.Contains(strings.ToLower(key), strings.ToLower(v.filter))
}

func (v *topView) matching(rows []measured) (n int) {
	for _, r := range rows {
		if v.matches(r.Key) {
			n++
		}
	}
	return n
}

// cut shortens a line to the width of the terminal.
func (v *topView) cut(line string) string {
	if v.width <= 0 || utf8.RuneCountInString(line) <= v.width {
		return line
	}
	return string([]rune(line)[:max(v.width-1, 0)]) + "…"
}

// brief writes a time with two or three digits that count, also one below zero: a clock that is ahead.
func brief(d time.Duration) string {
	if d < 0 {
		return "-" + brief(-d)
	}
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f d", d.Hours()/24)
}
