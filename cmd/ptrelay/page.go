package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// page is what the relay shows of itself to people.
func (s *server) page() *monitor.StatusPage {
	page := &monitor.StatusPage{
		Title:   "Relay",
		Summary: func() string { return s.relay.Stats().String() },
		Kinds:   []string{eventPaused, eventResumed},
		Links:   []string{"routes", "subjects"},
		Columns: []monitor.Column{{Title: "Routes"}, {Title: "Messages/s", Number: true}, {Title: "Bytes/s", Number: true}, {Title: "Messages", Number: true}, {Title: "Cause"}},
		Cells: func(p *monitor.Publisher) []monitor.Cell {
			return []monitor.Cell{
				{Text: strings.Join(p.Routes, ", ")}, {Text: perSecond(p.Traffic.MessagesRate)}, {Text: perSecond(p.Traffic.BytesRate)},
				{Text: strconv.FormatUint(p.Traffic.Messages, 10)}, {Text: p.Cause},
			}
		},
		Before: func() []monitor.Table { return []monitor.Table{s.routesTable(s.relay.Stats())} },
		After:  func() []monitor.Table { return []monitor.Table{subjectsTable(s.relay.Subjects())} },
	}
	for _, kind := range relay.LinkKinds() {
		page.Kinds = append(page.Kinds, string(kind))
	}
	return page
}

// routesTable has a line for each route.
func (s *server) routesTable(stats relay.Stats) monitor.Table {
	t := monitor.Table{ID: "routes", Title: "Routes", Empty: "None: nothing is carried.", Columns: []monitor.Column{
		{Title: "State"}, {Title: "Route"}, {Title: "Publishers", Number: true}, {Title: "In/s", Number: true}, {Title: "Out/s", Number: true},
		{Title: "Bytes/s", Number: true}, {Title: "Delay p99", Number: true}, {Title: "Dropped", Number: true}, {Title: "Subscribers", Number: true}, {Title: "Last sent", Number: true},
	}}
	for _, route := range stats.Routes {
		received, sent := s.rates.route(route.Name)
		var dropped uint64
		for _, n := range route.Dropped {
			dropped += n
		}
		delay := "-"
		if route.DelayP99 > 0 {
			delay = roughly(route.DelayP99).String()
		}
		t.Rows = append(t.Rows, monitor.Row{Key: route.Name, Cells: []monitor.Cell{
			routeState(route), {Text: route.Name}, {Text: fmt.Sprintf("%d of %d", route.Publishers, route.PublishersWanted)}, {Text: perSecond(received)},
			{Text: perSecond(sent.messages)}, {Text: perSecond(sent.bytes)}, {Text: delay}, {Text: strconv.FormatUint(dropped, 10)}, {Text: strconv.Itoa(route.Subscribers)},
			{Text: when(route.Last)},
		}})
	}
	return t
}

// routeState is how it stands with a route.
func routeState(route relay.RouteStats) monitor.Cell {
	switch {
	case route.Paused:
		return monitor.Cell{Text: "paused", Class: monitor.Warn}
	case route.Publishers < route.PublishersWanted:
		return monitor.Cell{Text: "links missing", Class: monitor.Bad}
	case route.Loss.Slow > 0:
		return monitor.Cell{Text: "slow subscribers", Class: monitor.Bad}
	}
	return monitor.Cell{Text: "runs", Class: monitor.Good}
}

// subjectsTable has a line for each beginning of subjects.
func subjectsTable(all []relay.SubjectStats) monitor.Table {
	t := monitor.Table{ID: "subjects", Title: "Subjects", Empty: "Nothing has come.", Columns: []monitor.Column{
		{Title: "Subject"}, {Title: "Messages", Number: true}, {Title: "Last received", Number: true}, {Title: "Newest message", Number: true},
	}}
	for _, one := range all {
		t.Rows = append(t.Rows, monitor.Row{Key: one.Prefix, Cells: []monitor.Cell{
			{Text: one.Prefix}, {Text: strconv.FormatUint(one.Messages, 10)}, {Text: when(one.Received)}, {Text: when(one.Written)},
		}})
	}
	return t
}

// when is how long ago something was.
func when(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return monitor.Ago(max(0, time.Since(at)))
}

// perSecond writes a rate: small ones are told from none.
func perSecond(rate float64) string {
	switch {
	case rate == 0:
		return "0"
	case rate < 9.95:
		return strconv.FormatFloat(max(rate, 0.1), 'f', 1, 64)
	case rate >= 1e6:
		return strconv.FormatFloat(rate/1e6, 'f', 1, 64) + " M"
	case rate >= 1e4:
		return strconv.FormatFloat(rate/1e3, 'f', 1, 64) + " k"
	}
	return strconv.FormatFloat(rate, 'f', 0, 64)
}
