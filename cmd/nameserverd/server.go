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

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/cmd/internal/lifecycle"
	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/logging"
	"github.com/pytroll/posttroll-go/pkg/multicast"
	"github.com/pytroll/posttroll-go/pkg/nameserver"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// Limits on stopping, which has to be over in a second.
const (
	stopLimit  = 700 * time.Millisecond // for the loops
	closeLimit = 200 * time.Millisecond // for peers that do not take what is on its way to them
)

// server is the running daemon.
type server struct {
	process   *process
	log       *logging.Log
	running   *settled          // what counts since the start
	listeners []daemon.Listener // that the service manager hands over

	keys       *security.Security
	nameserver *nameserver.Nameserver
	monitor    *monitor.Monitor
	memory     lifecycle.Memory
}

// run serves until ctx ends.
func (s *server) run(ctx context.Context) (err error) {
	hangups := make(chan os.Signal, 1) // one that waits is enough: the settings are read when it is taken
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	counting, stopCounting := lifecycle.Counters(func() { s.log.Info("counters", counters.Log(s.nameserver.Stats())...) })
	defer stopCounting()
	notifier, err := daemon.SystemdNotifier()
	if err != nil {
		return err
	}
	keys, err := s.running.openKeys(s.log.Logger)
	if err != nil {
		return err
	}
	s.keys = keys
	defer func() { err = errors.Join(err, keys.Close()) }() // after the sockets
	network, err := zmq.New(zmq.Options{
		Logger: s.log.Logger, Trimmed: s.memory.GiveBack, MaxConnections: s.running.own.MaxConnections, MaxPerSource: s.running.own.MaxConnectionsPerSource,
	})
	if err != nil {
		return fmt.Errorf("start ZeroMQ: %w", err)
	}
	defer func() { err = errors.Join(err, lifecycle.CloseSoon(s.log.Logger, closeLimit, network.Close)) }()
	opts := nameserver.Options{Transport: network, Security: keys, Logger: s.log.Logger, Waiting: func(ep transport.Endpoint) {
		if err := notifier.Waiting("address " + ep.Host()); err != nil {
			s.log.Debug("service manager can't be told", zap.Error(err))
		}
	}}
	for _, l := range s.listeners {
		opts.Listeners = append(opts.Listeners, nameserver.Listener(l))
	}
	if s.running.own.Multicast {
		group, err := s.openGroup()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, group.close()) }()
		opts.Receiver, opts.Sender = group.receiver, group.sender
	}
	if s.nameserver, err = nameserver.New(s.running.own, opts); err != nil {
		return daemon.BadConfig(s.running.located(err))
	}
	if err := s.nameserver.Listen(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped while waiting for an address
		}
		return err
	}
	s.monitor = s.watchers()
	serving, stop, err := s.monitor.Listen(monitor.Settings{HTTP: s.running.http, Report: s.running.report, Logger: s.log.Logger})
	if err != nil {
		return errors.Join(err, stop(), s.nameserver.Close())
	}
	group := daemon.Group{
		Parts:     append([]daemon.Part{{Name: "nameserver", Run: s.serve}, counting}, serving...),
		Logger:    s.log.Logger,
		Notifier:  notifier,
		Hangups:   hangups,
		Reload:    s.reload,
		Ready:     s.ready,
		StopLimit: stopLimit,
	}
	return group.Run(ctx)
}

// ready is called when the nameserver is.
func (s *server) ready() {
	s.monitor.Health.SetReady(true)
	s.memory.Started()
}

// serve is the part of the group that does the work.
func (s *server) serve(ctx context.Context, h *daemon.Handle) error {
	beat := func() {
		s.monitor.Health.Beat()
		h.Beat()
	}
	hooks := nameserver.Hooks{Ready: h.Ready, Beat: beat, BeatInterval: h.BeatInterval(), Status: h.Status}
	if s.running.http.Listen != "" { // else an idle nameserver sleeps
		hooks.BeatInterval = s.monitor.Health.Interval(hooks.BeatInterval)
		hooks.Change = s.changed
	}
	context.AfterFunc(ctx, func() { s.monitor.Health.SetReady(false) })
	return s.nameserver.Run(ctx, hooks)
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
	restart, err := s.nameserver.Reload(fresh.own)
	if err != nil {
		return err
	}
	s.log.Configure(fresh.log)
	s.monitor.Events.Add("settings_reloaded", struct{}{})
	restart = slices.Concat(restart, config.Changed(s.running.shared, fresh.shared), config.Changed(s.running.http, fresh.http))
	return lifecycle.TellRestart(s.log.Logger, restart, s.keys, func() (*security.Security, error) { return fresh.openKeys(nil) })
}

// group is both ends of the multicast group.
type group struct {
	receiver *multicast.Receiver
	sender   *multicast.Sender
}

func (s *server) openGroup() (*group, error) {
	cfg := s.running.group()
	cfg.Logger = s.log.Logger
	receiver, err := multicast.Listen(cfg)
	if err != nil {
		return nil, fmt.Errorf("broadcast_port: %w", portHint(err, cfg.Port))
	}
	if granted, wanted := receiver.Buffer(); granted < wanted {
		s.log.Info("small receive buffer for announcements: bursts may be lost, net.core.rmem_max (or CAP_NET_ADMIN) would allow for more",
			zap.Int("bytes", granted), zap.Int("wanted", wanted))
	}
	sender, err := multicast.NewSender(cfg)
	if err != nil {
		return nil, errors.Join(err, receiver.Close())
	}
	return &group{receiver, sender}, nil
}

func (g *group) close() error { return errors.Join(g.receiver.Close(), g.sender.Close()) }

// portHint says what to do about a port that another program has.
func portHint(err error, port int) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	return daemon.Hint(err, "another program has udp port %d for itself (ss -lunp 'sport = :%d' shows which): stop it, "+
		"use --no-multicast, or set broadcast_port to another port here and for all publishers", port, port)
}
