package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// summary counts what was explained.
type summary struct {
	lines, bad int // bad: those that are no message
	routes     []*routeSummary
}

// routeSummary counts what became of messages on a route.
type routeSummary struct {
	name          string
	sent, changed int
	others        map[string]int // by reason, or fate where there is none
}

func (s *summary) add(e explained) {
	s.lines++
	if _, err := message.Decode(e.frame); err != nil {
		s.bad++
	}
	for i, r := range e.routes {
		if i == len(s.routes) {
			s.routes = append(s.routes, &routeSummary{name: r.Route, others: make(map[string]int)})
		}
		one := s.routes[i]
		switch {
		case r.Fate != relay.Sent && r.Reason != "":
			one.others[r.Reason]++
		case r.Fate != relay.Sent:
			one.others[strings.ReplaceAll(string(r.Fate), "_", " ")]++
		default:
			one.sent++
			if string(r.Frame) != string(e.frame) {
				one.changed++
			}
		}
	}
}

// write writes a line for all and one for each route. There is nobody to tell when it can't.
func (s *summary) write(w io.Writer) {
	line := "1 message"
	if s.lines != 1 {
		line = fmt.Sprintf("%d messages", s.lines)
	}
	if s.bad > 0 {
		line += fmt.Sprintf(", %d of them no messages at all", s.bad)
	}
	fmt.Fprintln(w, line)
	for _, r := range s.routes {
		fmt.Fprintf(w, "route %s: %d sent", r.name, r.sent)
		if r.changed > 0 {
			fmt.Fprintf(w, " (%d changed)", r.changed)
		}
		for _, reason := range slices.Sorted(maps.Keys(r.others)) {
			fmt.Fprintf(w, ", %d %s", r.others[reason], reason)
		}
		fmt.Fprintln(w)
	}
}
