package main

import (
	"errors"
	"net/http"

	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// watchers are the questions of http_listen: for Prometheus, for people, for probes.
func (s *server) watchers() *monitor.Monitor {
	m := monitor.New(newCollector(s.relay.Stats))
	m.HandleFunc("GET "+routesPath, s.showRoutes)
	return m
}

// commands are what the control socket takes besides.
func (s *server) commands() http.Handler {
	mux := httpd.NewMux()
	mux.HandleFunc("GET "+routesPath, s.showRoutes)
	mux.HandleFunc("POST "+pausePath, s.command(s.relay.Pause))
	mux.HandleFunc("POST "+resumePath, s.command(s.relay.Resume))
	return mux
}

// Paths of the control socket.
const (
	routesPath = "/v1/routes"
	pausePath  = "/v1/pause"
	resumePath = "/v1/resume"
	routeQuery = "route" // whose value is the name of one
)

func (s *server) showRoutes(w http.ResponseWriter, _ *http.Request) {
	httpd.WriteJSON(w, shown(s.relay.Stats()))
}

// command does something to a route.
func (s *server) command(do func(route string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch err := do(r.URL.Query().Get(routeQuery)); {
		case err == nil:
			httpd.WriteJSON(w, map[string]string{"status": "ok"})
		case errors.Is(err, relay.ErrNoRoute):
			httpd.WriteError(w, http.StatusNotFound, err.Error())
		default:
			httpd.WriteError(w, http.StatusInternalServerError, err.Error())
		}
	}
}
