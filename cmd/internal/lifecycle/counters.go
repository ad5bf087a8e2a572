package lifecycle

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/pytroll/posttroll-go/pkg/daemon"
)

// Counters makes the part of a daemon that writes its counters into the log each time that a SIGUSR1 comes. From the call on, until stop is called, the signal does not
// end the process; one that comes before the part runs is kept.
func Counters(write func()) (part daemon.Part, stop func()) {
	signals := make(chan os.Signal, 1) // one that waits is enough: the counters are read when it is taken
	signal.Notify(signals, syscall.SIGUSR1)
	part = daemon.Part{Name: "counters", NoHeartbeat: true, Run: func(ctx context.Context, h *daemon.Handle) error {
		h.Ready()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-signals:
				write()
			}
		}
	}}
	return part, func() { signal.Stop(signals) }
}
