package monitor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
	"github.com/pytroll/posttroll-go/pkg/metrics"
)

// Paths that every daemon serves. Probes need no token.
const (
	metricsPath = "/metrics"
	eventsPath  = "/v1/events"
	healthPath  = "/healthz"
	readyPath   = "/readyz"
)

// Monitor is what a daemon tells of itself.
type Monitor struct {
	// Health is what the daemon tells of its own health.
	Health Health
	// Events are what has happened, for those who follow.
	Events *httpd.Events

	mux        *http.ServeMux
	collectors []prometheus.Collector
	listing    *Listing
	server     *httpd.Server // nil: it does not listen
}

// New makes a monitor that shows what collectors tell.
func New(collectors ...prometheus.Collector) *Monitor {
	m := &Monitor{mux: httpd.NewMux(), Events: httpd.NewEvents(), collectors: collectors}
	m.mux.Handle("GET "+eventsPath, m.Events)
	m.mux.HandleFunc("GET "+healthPath, probe(m.Health.Well, "loops of the daemon do not go round any more"))
	m.mux.HandleFunc("GET "+readyPath, probe(m.Health.Ready, "not yet, or not any more"))
	return m
}

// HandleFunc adds what a daemon tells besides, as [http.ServeMux] does. Before Listen.
func (m *Monitor) HandleFunc(pattern string, h http.HandlerFunc) { m.mux.HandleFunc(pattern, h) }

// Settings are those of a monitor.
type Settings struct {
	HTTP   httpd.Config
	Report *config.Report // which tells where they come from
	Logger *zap.Logger
}

// Listen binds the address for HTTP, where the settings want one, and returns the parts of the daemon that serve there. What is bound is closed by them, or by
// stop.
func (m *Monitor) Listen(s Settings) (parts []daemon.Part, stop func() error, err error) {
	stop = func() error { return nil }
	if s.HTTP.Listen == "" {
		return nil, stop, nil
	}
	m.mux.Handle("GET "+metricsPath, metrics.Handler(daemon.Version(), m.collectors...)) // takes a while to make, and most daemons have no HTTP
	server, err := httpd.Listen(s.HTTP, m.mux, httpd.Options{Logger: s.Logger, Public: []string{healthPath, readyPath}})
	if err != nil {
		return nil, stop, Located(s.Report, err)
	}
	m.server = server
	s.Logger.Info("HTTP is served", zap.Stringer("address", server.Addr()), zap.Bool("tls", server.Encrypted()), zap.Bool("token", s.HTTP.TokenFile != ""))
	if server.Exposed() {
		s.Logger.Warn("other hosts may read what is served over HTTP: http_token_file and http_certificate_file are not both set",
			zap.Stringer("address", server.Addr()))
	}
	run := func(ctx context.Context, h *daemon.Handle) error {
		h.Ready()
		return server.Serve(ctx)
	}
	return []daemon.Part{{Name: "http", NoHeartbeat: true, Run: run}}, server.Close, nil
}

// Reload reads the files of the token and the certificate again; with an error those stay that were read before.
func (m *Monitor) Reload() error {
	if m.server == nil {
		return nil
	}
	return m.server.Reload()
}

// Located says of the settings that err finds bad where they come from, and what to do about a port that another program has.
func Located(report *config.Report, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems []error
		for _, err := range joined.Unwrap() {
			problems = append(problems, Located(report, err))
		}
		return errors.Join(problems...)
	}
	bad, ok := errors.AsType[*httpd.SettingError](err)
	if !ok {
		return err
	}
	problem := &config.Problem{Origin: report.Origin(bad.Key), Key: bad.Key, Text: bad.Text, Hint: bad.Hint}
	if _, ok := errors.AsType[*net.OpError](err); !ok {
		return daemon.BadConfig(problem)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		problem.Hint = "another program has the port (ss -ltnp shows which)"
	}
	return problem
}
