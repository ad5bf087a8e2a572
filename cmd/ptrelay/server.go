package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/pytroll/posttroll-go/cmd/internal/lifecycle"
	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// Limits on stopping, beside stop_limit for what has been received.
const (
	namesLimit = 3 * time.Second // that sinks give nameservers to hear that they go
	sinkLimit  = 2 * time.Second // that they give slow subscribers then
	slack      = time.Second     // for everything else
	// longestStop is that of a relay with the longest stop_limit. TimeoutStopSec of the units is above.
	longestStop = time.Minute + namesLimit + sinkLimit + slack
)

// heartbeat is the interval of the pings to publishers. A link that is down for longer than four of them is seen to be, and connected anew as soon as it is
// back. TCP alone would wait for its next try: after a minute without the link for most of a further one.
const heartbeat = 5 * time.Second

// server is the running daemon.
type server struct {
	process *process
	log     *logging.Log
	running *settled // what counts; of shared, since the start

	keys    *security.Security
	relay   *relay.Relay
	group   *daemon.Group
	monitor *monitor.Monitor
	rates   rates
	memory  lifecycle.Memory
}

// run serves until ctx ends.
func (s *server) run(ctx context.Context) (err error) {
	hangups := make(chan os.Signal, 1) // one that waits is enough: the settings are read when it is taken
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	counting, stopCounting := lifecycle.Counters(s.logCounters)
	defer stopCounting()
	notifier, err := daemon.SystemdNotifier()
	if err != nil {
		return err
	}
	parsed, err := pubsub.ParseSettings(s.running.shared.Map())
	if err != nil {
		return daemon.BadConfig(err)
	}
	keys, err := s.running.openKeys(s.log.Logger)
	if err != nil {
		return err
	}
	s.keys = keys
	defer func() { err = errors.Join(err, keys.Close()) }() // after the sockets
	network, err := zmq.New(zmq.Options{
		Logger: s.log.Logger, Heartbeat: heartbeat, Trimmed: s.memory.GiveBack,
		MaxConnections: s.running.own.MaxConnections, MaxPerSource: s.running.own.MaxConnectionsPerSource,
	})
	if err != nil {
		return fmt.Errorf("start ZeroMQ: %w", err)
	}
	defer func() { err = errors.Join(err, lifecycle.CloseSoon(s.log.Logger, slack, network.Close)) }()
	s.monitor = s.newMonitor()
	s.relay, err = relay.New(s.running.own, relay.Options{Transport: network, Settings: parsed, Security: keys, Watch: s.watch(), Logger: s.log.Logger})
	if err != nil {
		return err
	}
	if err := s.relay.Listen(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped before it began
		}
		return errors.Join(s.running.explained(err), s.relay.Close())
	}
	serving, stop, err := s.listen()
	if err != nil {
		return errors.Join(err, stop(), s.relay.Close())
	}
	s.group = &daemon.Group{
		Parts:     append([]daemon.Part{{Name: "relay", Run: s.carry}, counting}, serving...),
		Logger:    s.log.Logger,
		Notifier:  notifier,
		Hangups:   hangups,
		Reload:    s.reload,
		Ready:     s.ready,
		StopLimit: stopLimit(s.running),
	}
	return s.group.Run(ctx)
}

func stopLimit(s *settled) time.Duration { return s.own.StopLimit + namesLimit + sinkLimit + slack }

// ready is called when the relay is.
func (s *server) ready() {
	s.monitor.Health.SetReady(true)
	s.memory.Started()
}

// carry is the part of the group that does the work.
func (s *server) carry(ctx context.Context, h *daemon.Handle) error {
	beat := func() {
		s.monitor.Health.Beat()
		h.Beat()
	}
	status := func(line string) {
		if s.running.http.Listen != "" {
			s.rates.take(time.Now(), s.relay.Stats(), s.relay.Links())
		}
		h.Status(line)
	}
	context.AfterFunc(ctx, func() { s.monitor.Health.SetReady(false) })
	err := s.relay.Run(ctx, relay.Hooks{Ready: h.Ready, Beat: beat, BeatInterval: s.monitor.Health.Interval(h.BeatInterval()), Status: status})
	return errors.Join(err, s.relay.Close())
}

// explained makes an error of what could not be opened easier to mend.
func (s *settled) explained(err error) error {
	if _, ok := errors.AsType[*relay.SettingError](err); ok {
		return daemon.BadConfig(s.located(err))
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return daemon.Hint(err, "another program has the port (ss -ltnp shows which): stop it, or give the sink another port")
	}
	return err
}

// reload carries out a SIGHUP. The log is opened anew first: logrotate has moved the file away, whatever is in the settings.
func (s *server) reload(context.Context) error {
	return errors.Join(s.log.Reopen(), s.reloadSettings(), monitor.Located(s.running.report, s.monitor.Reload()))
}

func (s *server) reloadSettings() error {
	fresh, err := s.process.load()
	if err != nil {
		return err
	}
	lifecycle.Warn(s.log.Logger, fresh.report)
	if fresh.bindsSecurely() && !s.running.bindsSecurely() {
		return daemon.Hint(errNeedsKeys, "restart the relay")
	}
	if err := s.relay.Reload(fresh.own); err != nil {
		return fresh.explained(err)
	}
	restart := changedLimits(s.running.own, fresh.own)
	// Written and read by the goroutine of group.Run alone.
	s.running.own = fresh.own
	s.group.StopLimit = stopLimit(fresh)
	s.log.Configure(fresh.log)
	s.monitor.Events.Add("settings_reloaded", struct{}{})
	restart = slices.Concat(restart, config.Changed(s.running.shared, fresh.shared), config.Changed(s.running.http, fresh.http), config.Changed(s.running.control, fresh.control))
	// Keys of the routes' own count already.
	return lifecycle.TellRestart(s.log.Logger, restart, s.keys, func() (*security.Security, error) { return fresh.openKeys(nil) })
}

// changedLimits are the keys of the settings that the relay's connections have had since its start.
func changedLimits(before, after relay.Config) []string {
	return slices.DeleteFunc(config.Changed(before, after), func(key string) bool {
		return key != "max_connections" && key != "max_connections_per_source"
	})
}
