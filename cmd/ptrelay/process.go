package main

import (
	"context"
	"io"

	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/cmd/internal/lifecycle"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/logging"
)

// process is one run of the program.
type process struct {
	flags          daemon.Flags
	environ        []string
	stdout, stderr io.Writer
}

// control carries out -d.
func (p *process) control(ctx context.Context, set *pflag.FlagSet) error {
	in := instanceOf(p.flags.Config)
	return daemon.Control{
		Name: in.name, Program: program, Unit: in.unit, File: in.file, UnitFlags: []string{"config"},
		Environ: p.environ, Stdout: p.stdout, Stderr: p.stderr,
		StopLimit: longestStop,
	}.Do(ctx, p.flags.Action, set)
}

// check carries out --check, which reads the keys, too, unless --no-keys is given.
func (p *process) check() (err error) {
	s, err := p.load()
	s.warnOfClients()
	for _, w := range s.report.Warnings {
		if err := daemon.Warn(p.stderr, w); err != nil {
			return err
		}
	}
	if !p.flags.NoKeys {
		err = lifecycle.AllWrong(err, s.checkKeys())
	}
	if err != nil {
		return err
	}
	_, err = s.report.WriteTo(p.stdout)
	return err
}

// serve runs the relay until ctx ends.
func (p *process) serve(ctx context.Context) (err error) {
	defer func() { err = daemon.Failing(ctx, err, nil) }()
	s, err := p.load()
	if err != nil {
		return err
	}
	return lifecycle.WithLog(logging.Config{
		Program: program, File: p.flags.Log, Settings: s.log, Verbose: p.flags.Verbose, Stderr: p.stderr, Environ: p.environ,
	}, func(log *logging.Log) error {
		// Of the routes the log has the names: what is in them is in the file.
		lifecycle.Tell(log.Logger, s.report, "route", zap.Strings("routes", s.routeNames()))
		srv := server{process: p, log: log, running: s, memory: lifecycle.Memory{Logger: log.Logger}}
		return srv.run(ctx)
	})
}
