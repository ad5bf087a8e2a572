package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// errFailed is what the program ends with when a case has failed.
var errFailed = errors.New("there are failures")

func list(out io.Writer, chosen []chosenCase) error {
	for _, c := range chosen {
		if _, err := fmt.Fprintln(out, c); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, tally(chosen))
	return err
}

func tally(chosen []chosenCase) string {
	names := make(map[string]bool)
	for _, c := range chosen {
		names[c.name] = true
	}
	return fmt.Sprintf("%d cases, %d with each of their sockets", len(names), len(chosen))
}

// printLine tells of a case that has run.
func printLine(out io.Writer, r result) error {
	word := "ok"
	switch {
	case r.failed():
		word = "FAILED"
	case r.err != nil:
		word = "open"
	}
	_, err := fmt.Fprintf(out, "%-6s %6.2f s %+5.0f MB  %s@%s\n", word, r.took.Seconds(), megabytes(r.after-r.before), r.name, r.socket)
	switch {
	case err != nil:
	case r.err == nil && r.open != "":
		_, err = fmt.Fprintf(out, "       passed, though it is known to fail: %s\n", r.open)
	case r.err != nil && !r.failed():
		_, err = fmt.Fprintf(out, "       %s\n", r.open)
	case r.err != nil:
		_, err = fmt.Fprintf(out, "       %s\n", strings.ReplaceAll(r.err.Error(), "\n", "\n       "))
	}
	return err
}

// summary is what came of the cases of one kind.
type summary struct {
	names              map[string]bool
	runs, failed, open int
	took               time.Duration
	cpu                result // the one with the most processor time
	peak               result // the one that took the most memory more
}

// report writes a table of the kinds of cases.
func report(out io.Writer, results []result) error {
	kinds := make(map[string]*summary)
	var all summary
	for _, r := range results {
		kind, _, _ := strings.Cut(r.name, "/")
		s := kinds[kind]
		if s == nil {
			s = &summary{names: make(map[string]bool)}
			kinds[kind] = s
		}
		s.names[r.name] = true
		s.add(r)
		all.add(r)
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	// The writer keeps its errors for Flush.
	_, _ = fmt.Fprint(t, "\nkind\tcases\twith sockets\tfailed\topen\ttime s\tmost CPU s\tby\tmost memory MB\tby\n")
	cases := 0
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		s := kinds[kind]
		cases += len(s.names)
		s.print(t, kind, len(s.names))
	}
	all.print(t, "all", cases)
	if err := t.Flush(); err != nil {
		return err
	}
	var failed []string
	for _, r := range results {
		if r.failed() {
			failed = append(failed, "  "+r.name+"@"+r.socket)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(out, "\nfailed:\n%s\n", strings.Join(failed, "\n")); err != nil {
		return err
	}
	return errFailed
}

func (s *summary) add(r result) {
	s.runs++
	s.took += r.took
	switch {
	case r.failed():
		s.failed++
	case r.err != nil:
		s.open++
	}
	if s.cpu.name == "" || r.cpu > s.cpu.cpu {
		s.cpu = r
	}
	if s.peak.name == "" || cmp.Compare(r.peak-r.before, s.peak.peak-s.peak.before) > 0 {
		s.peak = r
	}
}

func (s *summary) print(out io.Writer, kind string, cases int) {
	what := func(r result) string {
		_, name, _ := strings.Cut(r.name, "/")
		return name + "@" + r.socket
	}
	_, _ = fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%d\t%.1f\t%.2f\t%s\t%.0f\t%s\n", kind, cases, s.runs, s.failed, s.open, s.took.Seconds(),
		s.cpu.cpu.Seconds(), what(s.cpu), megabytes(s.peak.peak-s.peak.before), what(s.peak))
}
