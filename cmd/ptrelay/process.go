package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/config"
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

// check carries out --check, which reads the keys, too.
func (p *process) check() (err error) {
	s, err := p.load()
	s.warnOfClients()
	for _, w := range s.report.Warnings {
		if _, err := fmt.Fprintf(p.stderr, "warning: %s\n", w); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := s.checkKeys(); err != nil {
		return err
	}
	_, err = s.report.WriteTo(p.stdout)
	return err
}

// serve runs the relay until ctx ends.
func (p *process) serve(ctx context.Context) (err error) {
	s, err := p.load()
	if err != nil {
		return err
	}
	log, err := logging.Open(logging.Config{
		Program: program, File: p.flags.Log, Settings: s.log, Verbose: p.flags.Verbose, Stderr: p.stderr, Environ: p.environ,
	})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && p.flags.Log != "" {
			log.Error("failed", zap.Error(err)) // standard error has it too, but who looks there
		}
		err = errors.Join(err, log.Close())
	}()
	defer zap.RedirectStdLog(log.Logger)()
	tell(log.Logger, s)
	srv := server{process: p, log: log, running: s}
	return srv.run(ctx)
}

// tell logs what counts. Of the routes it tells the names: what is in them is in the file.
func tell(log *zap.Logger, s *settled) {
	for _, w := range s.report.Warnings {
		log.Warn("setting", zap.String("cause", w.String()))
	}
	var fields []zap.Field
	for _, v := range s.report.Values() {
		if v.Origin != (config.Origin{}) && v.Key != "route" {
			fields = append(fields, zap.String(v.Key, v.Text))
		}
	}
	log.Info("settings that are not the default", zap.Strings("files", s.report.Files), zap.Dict("settings", fields...),
		zap.Strings("routes", s.routeNames()))
	log.Debug("version", zap.String("version", daemon.Version()))
}
