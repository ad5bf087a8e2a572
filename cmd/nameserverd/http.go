package main

import (
	"iter"

	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// watchers are the questions of http_listen: for Prometheus, for people, for probes.
func (s *server) watchers() *monitor.Monitor {
	m := monitor.New(newCollector(s.nameserver.Stats, s.nameserver.Publishers))
	listing := &monitor.Listing{All: s.publishers}
	for _, state := range nameserver.States() {
		listing.States = append(listing.States, string(state))
	}
	m.Show(listing)
	m.ShowPage(s.page())
	return m
}

// publishers are those that the nameserver knows.
func (s *server) publishers() iter.Seq[monitor.Publisher] {
	return func(yield func(monitor.Publisher) bool) {
		for p := range s.nameserver.Publishers() {
			shown := monitor.NewPublisher(p.URI, p.Services, p.Announced)
			shown.Backend, shown.State = string(p.Backend), string(p.State)
			shown.Interval, shown.Client = p.Interval.Seconds(), p.Source.Client
			if p.Source.Addr.IsValid() {
				shown.AnnouncedBy = p.Source.Addr.String()
			}
			if !yield(shown) {
				return
			}
		}
	}
}

// change is an event of /v1/events.
type change struct {
	URI         string            `json:"uri"`
	Services    []string          `json:"services"`
	Backend     transport.Backend `json:"backend,omitempty"`
	AnnouncedBy string            `json:"announced_by,omitempty"`
	Cause       string            `json:"cause,omitempty"`
}

// changed tells those who follow.
func (s *server) changed(c nameserver.Change) {
	event := change{URI: c.URI, Services: append([]string{}, c.Services...), Backend: c.Backend, Cause: c.Cause}
	if c.Source.Addr.IsValid() {
		event.AnnouncedBy = c.Source.Addr.String()
	}
	s.monitor.Events.Add(string(c.Kind), event)
}
