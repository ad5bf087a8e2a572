package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/pflag"

	"github.com/pytroll/posttroll-go/cmd/internal/lifecycle"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/logging"
)

// process is one run of the program.
type process struct {
	flags          flags
	environ        []string
	stdout, stderr io.Writer
}

// control carries out -d.
func (p *process) control(ctx context.Context, set *pflag.FlagSet) error {
	return daemon.Control{
		Name: program, Unit: unit, File: file,
		Environ: p.environ, Stdout: p.stdout, Stderr: p.stderr,
	}.Do(ctx, p.flags.Action, set)
}

// check carries out --check, which reads the keys, too, unless --no-keys is given.
func (p *process) check() error {
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

// serve runs the nameserver until ctx ends.
func (p *process) serve(ctx context.Context) (err error) {
	listeners, err := daemon.SystemdListeners()
	defer func() { err = errors.Join(daemon.Failing(ctx, err, listeners), daemon.CloseListeners(listeners)) }()
	if err != nil {
		return err
	}
	s, err := p.load()
	if err != nil {
		return err
	}
	return lifecycle.WithLog(logging.Config{
		Program: program, File: p.flags.Log, Settings: s.log, Verbose: p.flags.Verbose, Stderr: p.stderr, Environ: p.environ,
	}, func(log *logging.Log) error {
		lifecycle.Tell(log.Logger, s.report, "")
		srv := server{process: p, log: log, running: s, listeners: listeners, memory: lifecycle.Memory{Logger: log.Logger}}
		return srv.run(ctx)
	})
}
