// Package monitor is what the daemons of the suite tell of themselves over HTTP, as far as it is the same for all of them: counters for Prometheus, probes, and how all of
// it is bound, reloaded and told in the log. What a daemon tells besides it adds with [Monitor.HandleFunc].
//
//	m := monitor.New(collector)
//	m.HandleFunc("GET /v1/routes", s.showRoutes)
//	parts, stop, err := m.Listen(monitor.Settings{HTTP: cfg, Report: report, Logger: log}) // no parts where the settings want none
//
// A Monitor may be used concurrently once it listens.
package monitor
