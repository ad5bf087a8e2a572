package metrics

import (
	"bytes"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes is how many answers are made at the same time; others are told to come again. One that is made does not count any more: who does not read it keeps nobody out.
const maxScrapes = 4

// Handler serves what collectors tell, besides the version of the program and what Go and the system know of the process. What a collector can't tell does not keep the rest
// from being served.
func Handler(version string, all ...prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "posttroll_build_info", Help: "Always 1; the version is in the label.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	registry.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(all...)
	return made(promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, ErrorHandling: promhttp.ContinueOnError, Registry: registry}))
}

// made has h make its whole answer before any of it is sent.
func made(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answer{header: w.Header(), status: http.StatusOK}
		h.ServeHTTP(&a, r)
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes()) // a peer that has gone is no error of ours
	})
}

// answer is one that is being made.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header of the answer.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps a part of the body.
func (a *answer) Write(part []byte) (int, error) { return a.body.Write(part) }
