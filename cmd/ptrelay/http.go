package main

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/relay"
)

// health is what probes ask for.
type health struct {
	ready atomic.Bool
	beat  atomic.Int64 // Unix nanoseconds when all loops of the relay were last known to go round; 0: not yet
}

// Times of [health].
const (
	beatEvery = 5 * time.Second // at least
	beatLimit = 4 * beatEvery   // without a beat it is not well
)

func (h *health) beats() { h.beat.Store(time.Now().UnixNano()) }

// well tells whether the relay's loops go round.
func (h *health) well(now time.Time) bool {
	last := h.beat.Load()
	return last == 0 || now.Sub(time.Unix(0, last)) < beatLimit
}

// watchers are the questions of http_listen: for Prometheus, for people, for probes.
func (s *server) watchers() http.Handler {
	mux := httpd.NewMux()
	mux.Handle("GET /metrics", metrics(s.relay.Stats))
	mux.HandleFunc("GET /v1/routes", s.showRoutes)
	mux.HandleFunc("GET /healthz", s.probe(func() bool { return s.health.well(time.Now()) }))
	mux.HandleFunc("GET /readyz", s.probe(s.health.ready.Load))
	return mux
}

// metrics serves the counters, and what Go and the system know of the process.
func metrics(stats func() relay.Stats) http.Handler {
	registry := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "posttroll_build_info", Help: "Always 1; the version is in the label.", ConstLabels: prometheus.Labels{"version": daemon.Version()},
	})
	info.Set(1)
	registry.MustRegister(newCollector(stats), info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// probe answers whether something is as it should be.
func (s *server) probe(good func() bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if !good() {
			httpd.WriteError(w, http.StatusServiceUnavailable, "no")
			return
		}
		httpd.WriteJSON(w, map[string]string{"status": "ok"})
	}
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
