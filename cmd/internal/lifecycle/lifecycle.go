// Package lifecycle is what the daemons of the suite do in the same way when they start, reload and stop, and what needs to know both their settings and
// their libraries: they open the log and tell which settings count, warn of keys that admit nobody, tell what waits for a restart, and do not wait for
// peers at the end, and give memory back.
//
// Its functions keep no state, and may be called concurrently.
package lifecycle

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/logging"
)

// WithLog opens the log, serves, and closes it. What other packages write to the log of the standard library goes there too. Where the log is a file it has the error
// that ends the daemon as well: standard error has it in any case, but who looks there. That nobody reads standard error any more does not end it.
func WithLog(cfg logging.Config, serve func(*logging.Log) error) (err error) {
	log, err := logging.Open(cfg)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && cfg.File != "" {
			log.Error("failed", zap.Error(err))
		}
		err = errors.Join(err, log.Close())
	}()
	defer zap.RedirectStdLog(log.Logger)()
	defer surviveBrokenPipes()()
	return serve(log)
}

// surviveBrokenPipes makes a write to a standard error or output that nobody reads any more fail, which ends the process otherwise.
func surviveBrokenPipes() (restore func()) {
	pipes := make(chan os.Signal, 1) // what comes is not looked at
	signal.Notify(pipes, syscall.SIGPIPE)
	return func() { signal.Stop(pipes) }
}

// Tell logs which settings count: all that are not the default, but for the one with the key untold; empty: but for none. more goes beside them.
func Tell(log *zap.Logger, report *config.Report, untold string, more ...zap.Field) {
	Warn(log, report)
	var values []zap.Field
	for _, v := range report.Values() {
		if v.Origin != (config.Origin{}) && v.Key != untold {
			values = append(values, zap.String(v.Key, v.Text))
		}
	}
	fields := []zap.Field{zap.Strings("files", report.Files), zap.Dict("settings", values...)}
	log.Info("settings that are not the default", append(fields, more...)...)
	log.Debug("version", zap.String("version", daemon.Version()))
}

// Warn logs the warnings of a report.
func Warn(log *zap.Logger, report *config.Report) {
	for _, w := range report.Warnings {
		log.Warn("doubtful setting", zap.String("cause", w.String()))
	}
}

// CloseSoon closes what may wait for peers, and returns its error. When they take longer than limit it is left to the end of the process, which the log tells.
func CloseSoon(log *zap.Logger, limit time.Duration, closing func() error) error {
	closed := make(chan error, 1)
	go func() { closed <- closing() }() // ends with the process at the latest
	select {
	case err := <-closed:
		return err
	case <-time.After(limit):
		log.Info("peers have not taken all that was on its way to them")
		return nil
	}
}
