package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/pytroll/posttroll-go/internal/textlines"
)

// progressInterval is how often a line of progress is written anew.
const progressInterval = 200 * time.Millisecond

// progress is a line that tells how far a command is: on a terminal, and nowhere else.
type progress struct {
	w     io.Writer
	on    bool
	start time.Time
	last  time.Time
}

func newProgress(w io.Writer, quiet bool) *progress {
	return &progress{w: w, on: !quiet && isTerminal(w), start: time.Now()}
}

// show writes the line, if it is time to. Part is how much is done, from 0 to 1; below 0: that is not known.
func (p *progress) show(part float64, format string, args ...any) {
	now := time.Now()
	if !p.on || now.Sub(p.last) < progressInterval {
		return
	}
	p.last = now
	// To the end of the line (ECMA-48, EL).
	fmt.Fprintf(p.w, "\r%s\x1b[K", progressLine(part, fmt.Sprintf(format, args...), width(p.w)))
}

// progressLine is a line that fits into a terminal of so many columns. What is in it may come from anybody.
func progressLine(part float64, text string, columns int) string {
	if part >= 0 {
		part = min(part, 1) // a file may grow
		text = bar(part, 30) + fmt.Sprintf(" %3.0f %%  ", 100*part) + text
	}
	view := topView{width: columns - 1} // in the last column a terminal begins another line
	return view.cut(textlines.Printable(text))
}

// width is that of the terminal that w is.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 1 {
			return columns
		}
	}
	return 80
}

// end takes the line away.
func (p *progress) end() {
	if p.on && !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// bar draws how much is done, so many characters wide.
func bar(part float64, width int) string {
	full := int(part * float64(width))
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "]"
}

// elapsed is the time since the beginning, in whole seconds.
func (p *progress) elapsed() time.Duration { return time.Since(p.start).Round(time.Second) }

// amount writes a number of bytes for people.
func amount(bytes int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	value, unit := float64(bytes), 0
	for value >= 999.5 && unit < len(units)-1 {
		value /= 1000
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
