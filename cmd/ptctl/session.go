package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// session is what the commands that use the network have in common.
type session struct {
	environ []string
	config  string
	backend string
	verbose bool
}

func (s *session) flags(f *pflag.FlagSet) {
	f.StringVarP(&s.config, "config", "c", "", "read settings also from `FILE`")
	f.StringVarP(&s.backend, "backend", "b", "", "the `BACKEND` to speak: plain or secure (default: the setting backend)")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "say on standard error what comes and goes")
}

// configuration is what the settings say.
type configuration struct {
	settings pubsub.Settings
	keys     security.Config
}

// configuration reads the settings of all programs and tells of what is odd in them.
func (s *session) configuration(stderr io.Writer) (configuration, error) {
	settings := config.DefaultSettings()
	report, err := config.Load(config.ProgramSources(s.config, s.environ), &settings)
	for _, w := range report.Warnings {
		fmt.Fprintf(stderr, "warning: %s\n", w)
	}
	if err != nil {
		return configuration{}, daemon.BadConfig(err)
	}
	if err := s.chooseBackend(&settings); err != nil {
		return configuration{}, err
	}
	parsed, err := pubsub.ParseSettings(settings.Map())
	if err != nil {
		return configuration{}, daemon.BadConfig(err)
	}
	keys, err := pubsub.ParseSecurity(settings.Map())
	if err != nil {
		return configuration{}, daemon.BadConfig(err)
	}
	return configuration{parsed, keys}, nil
}

// settings reads those settings that need no network.
func (s *session) settings(stderr io.Writer) (pubsub.Settings, error) {
	c, err := s.configuration(stderr)
	return c.settings, err
}

// chooseBackend lets the flag count before the setting.
func (s *session) chooseBackend(settings *config.Settings) error {
	switch s.backend {
	case "":
	case "plain", config.Plain:
		settings.Backend = config.Plain
	case "secure", config.Secure:
		settings.Backend = config.Secure
	default:
		return daemon.Usage("--backend %q: want plain or secure", s.backend)
	}
	return nil
}

// open reads the settings and opens the network, for a command that connects, or that binds sockets too. The caller closes it.
func (s *session) open(stderr io.Writer, binds bool) (*pubsub.Node, network, error) {
	c, err := s.configuration(stderr)
	if err != nil {
		return nil, network{}, err
	}
	log := s.logger(stderr)
	keys, err := openKeys(c, binds, stderr, log)
	if err != nil {
		return nil, network{}, err
	}
	sockets, err := zmq.New(zmq.Options{Logger: log})
	if err != nil {
		return nil, network{}, errors.Join(fmt.Errorf("start ZeroMQ: %w", err), keys.Close())
	}
	open := network{sockets, keys}
	node, err := pubsub.New(pubsub.Options{Transport: sockets, Settings: c.settings, Security: keys, Logger: log})
	if err != nil {
		return nil, network{}, errors.Join(daemon.BadConfig(err), open.Close())
	}
	return node, open, nil
}

// network is what is open while a command runs.
type network struct {
	transport transport.Transport
	keys      *security.Security
}

// Close closes the sockets, and then the keys that they use.
func (n network) Close() error { return errors.Join(n.transport.Close(), n.keys.Close()) }

// logger writes for a person: warnings, and with --verbose what comes and goes.
func (s *session) logger(stderr io.Writer) *zap.Logger {
	level := zapcore.WarnLevel
	if s.verbose {
		level = zapcore.DebugLevel
	}
	form := zapcore.EncoderConfig{
		MessageKey: "message", LevelKey: "level", NameKey: "name",
		EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeDuration: zapcore.StringDurationEncoder,
		ConsoleSeparator: " ",
	}
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(form), zapcore.Lock(zapcore.AddSync(stderr)), level))
}
