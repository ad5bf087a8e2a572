package main

import "github.com/pytroll/posttroll-go/cmd/internal/monitor"

// watchers are the questions of http_listen: for Prometheus, for people, for probes.
func (s *server) watchers() *monitor.Monitor {
	return monitor.New(newCollector(s.nameserver.Stats))
}
