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
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// session is what the commands that use the network have in common.
type session struct {
	environ []string
	config  string
	verbose bool
}

func (s *session) flags(f *pflag.FlagSet) {
	f.StringVarP(&s.config, "config", "c", "", "read settings also from `FILE`")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "say on standard error what comes and goes")
}

// settings reads the settings of all programs and tells of what is odd in them.
func (s *session) settings(stderr io.Writer) (pubsub.Settings, error) {
	settings := config.DefaultSettings()
	report, err := config.Load(config.ProgramSources(s.config, s.environ), &settings)
	for _, w := range report.Warnings {
		fmt.Fprintf(stderr, "warning: %s\n", w)
	}
	if err != nil {
		return pubsub.Settings{}, daemon.BadConfig(err)
	}
	parsed, err := pubsub.ParseSettings(settings.Map())
	if err != nil {
		return pubsub.Settings{}, daemon.BadConfig(err)
	}
	if parsed.Backend == transport.Secure {
		return pubsub.Settings{}, daemon.BadConfig(fmt.Errorf("%s: backend %q is not supported by ptctl yet", report.Origin("backend"), parsed.Backend))
	}
	return parsed, nil
}

// open reads the settings and opens the network. The caller closes it.
func (s *session) open(stderr io.Writer) (*pubsub.Node, io.Closer, error) {
	parsed, err := s.settings(stderr)
	if err != nil {
		return nil, nil, err
	}
	log := s.logger(stderr)
	network, err := zmq.New(zmq.Options{Logger: log})
	if err != nil {
		return nil, nil, fmt.Errorf("start ZeroMQ: %w", err)
	}
	node, err := pubsub.New(pubsub.Options{Transport: network, Settings: parsed, Logger: log})
	if err != nil {
		return nil, nil, errors.Join(daemon.BadConfig(err), network.Close())
	}
	return node, network, nil
}

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
