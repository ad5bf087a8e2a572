package main

import (
	"context"
	"os"

	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// report writes the counters of every route into the log each time that a signal comes, until ctx ends. It is a part of the group.
func (s *server) report(signals <-chan os.Signal) daemon.Part {
	return daemon.Part{Name: "counters", NoHeartbeat: true, Run: func(ctx context.Context, h *daemon.Handle) error {
		h.Ready()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-signals:
				for _, route := range s.relay.Stats().Routes {
					s.log.Info("counters", logged(route)...)
				}
			}
		}
	}}
}
