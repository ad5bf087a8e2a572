package main

import (
	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
)

// page is what the nameserver shows of itself to people.
func (s *server) page() *monitor.StatusPage {
	page := &monitor.StatusPage{
		Title:   "Nameserver",
		Summary: func() string { return s.nameserver.Stats().String() },
		Columns: []monitor.Column{{Title: "Announced by"}},
		Cells: func(p *monitor.Publisher) []monitor.Cell {
			by := p.AnnouncedBy
			if p.Client != "" {
				by += " (" + p.Client + ")"
			}
			return []monitor.Cell{{Text: by}}
		},
	}
	for _, kind := range nameserver.ChangeKinds() {
		page.Kinds = append(page.Kinds, string(kind))
	}
	return page
}
