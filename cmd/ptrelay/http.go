package main

import (
	"errors"
	"iter"
	"net/http"

	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// Paths of the control socket.
const (
	routesPath   = "/v1/routes"
	subjectsPath = "/v1/subjects"
	pausePath    = "/v1/pause"
	resumePath   = "/v1/resume"
	routeQuery   = "route" // whose value is the name of one
)

// Events besides those of links.
const (
	eventPaused  = "route_paused"
	eventResumed = "route_resumed"
)

// States of a publisher.
const (
	stateConnected = "connected"
	stateMissing   = "missing" // is to be connected to, and is not
)

// newMonitor makes what answers the questions of http_listen: for Prometheus, for people, for probes.
func (s *server) newMonitor() *monitor.Monitor {
	m := monitor.New(newCollector(func() relay.Stats { return s.relay.Stats() }, func() []relay.SubjectStats { return s.relay.Subjects() }))
	m.HandleFunc("GET "+routesPath, s.showRoutes)
	m.HandleFunc("GET "+subjectsPath, s.showSubjects)
	m.Show(&monitor.Listing{States: []string{stateConnected, stateMissing}, All: s.publishers})
	m.ShowPage(s.page())
	return m
}

// watch is what the relay counts and tells for those who look; nil: nobody does.
func (s *server) watch() *relay.Watch {
	if s.running.http.Listen == "" {
		return nil
	}
	return &relay.Watch{Link: s.linkChanged}
}

// publishers are those of all sources.
func (s *server) publishers() iter.Seq[monitor.Publisher] {
	return func(yield func(monitor.Publisher) bool) {
		for _, link := range s.relay.Links() {
			if !yield(s.publisher(&link)) {
				return
			}
		}
	}
}

func (s *server) publisher(link *relay.LinkStats) monitor.Publisher {
	p := monitor.NewPublisher(link.URI, link.Services, link.Last)
	p.Backend, p.State, p.Routes = string(link.Backend), stateMissing, link.Routes
	if link.Connected {
		p.State = stateConnected
	} else {
		p.Cause = link.Cause
	}
	if !link.Since.IsZero() {
		p.Since = new(link.Since.UTC())
	}
	now := s.rates.link(link)
	p.Traffic = &monitor.Traffic{Messages: link.Messages, Bytes: link.Bytes, MessagesRate: now.messages, BytesRate: now.bytes}
	return p
}

// linkEvent is an event of /v1/events that is about a publisher.
type linkEvent struct {
	URI      string   `json:"uri"`
	Services []string `json:"services"`
	Routes   []string `json:"routes"`
	Cause    string   `json:"cause,omitempty"`
}

// linkChanged tells those who follow.
func (s *server) linkChanged(c relay.LinkChange) {
	s.monitor.Events.Add(string(c.Kind), linkEvent{
		URI: c.URI, Services: append([]string{}, c.Services...), Routes: append([]string{}, c.Routes...), Cause: c.Cause,
	})
}

// commands are what the control socket takes besides.
func (s *server) commands() http.Handler {
	mux := httpd.NewMux()
	mux.HandleFunc("GET "+routesPath, s.showRoutes)
	mux.HandleFunc("GET "+subjectsPath, s.showSubjects)
	mux.HandleFunc("POST "+pausePath, s.command(eventPaused, s.relay.Pause))
	mux.HandleFunc("POST "+resumePath, s.command(eventResumed, s.relay.Resume))
	return mux
}

func (s *server) showRoutes(w http.ResponseWriter, r *http.Request) {
	if _, err := httpd.ReadQuery(r); err != nil {
		httpd.WriteError(w, http.StatusBadRequest, err.Error())
		return
	}
	httpd.WriteJSON(w, s.shown(s.relay.Stats()))
}

func (s *server) showSubjects(w http.ResponseWriter, r *http.Request) {
	if _, err := httpd.ReadQuery(r); err != nil {
		httpd.WriteError(w, http.StatusBadRequest, err.Error())
		return
	}
	if s.watch() == nil {
		httpd.WriteError(w, http.StatusNotFound, "subjects are not counted: http_listen is not set")
		return
	}
	subjects := []map[string]any{}
	for _, one := range s.relay.Subjects() {
		subjects = append(subjects, subjectCounters.JSON(one))
	}
	httpd.WriteJSON(w, map[string]any{"subjects": subjects})
}

// command does something to a route; event is what those are told who follow.
func (s *server) command(event string, do func(route string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		values, err := httpd.ReadQuery(r, routeQuery)
		if err != nil {
			httpd.WriteError(w, http.StatusBadRequest, err.Error())
			return
		}
		route := values.Get(routeQuery)
		switch err := do(route); {
		case err == nil:
			s.monitor.Events.Add(event, map[string]string{"route": route})
			httpd.WriteJSON(w, map[string]string{"status": "ok"})
		case errors.Is(err, relay.ErrNoRoute):
			httpd.WriteError(w, http.StatusNotFound, err.Error())
		default:
			httpd.WriteError(w, http.StatusInternalServerError, err.Error())
		}
	}
}
