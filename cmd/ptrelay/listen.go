package main

import (
	"context"
	"errors"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// listen binds the control socket and the address for HTTP, where the settings want them, and returns the parts that serve there. What is
// bound is closed by them, or by stop.
func (s *server) listen() (parts []daemon.Part, stop func() error, err error) {
	parts, stop, err = s.monitor.Listen(monitor.Settings{HTTP: s.running.http, Report: s.running.report, Logger: s.log.Logger})
	if err != nil {
		return nil, stop, err
	}
	path, err := s.controlSocket()
	if err != nil || path == "" {
		return parts, stop, err
	}
	control, err := httpd.ListenUnix(path, s.commands(), httpd.Options{Logger: s.log.Logger})
	if err != nil {
		return nil, stop, s.controlHint(err)
	}
	s.log.Info("commands are taken", zap.String("socket", path))
	serving := daemon.Part{Name: "control socket", NoHeartbeat: true, Run: func(ctx context.Context, h *daemon.Handle) error {
		h.Ready()
		return control.Serve(ctx)
	}}
	return append(parts, serving), func() error { return errors.Join(control.Close(), stop()) }, nil
}

// controlSocket returns the path of the control socket; empty: there is to be none.
func (s *server) controlSocket() (string, error) {
	switch path := s.running.control.Socket; path {
	case httpd.NoControl:
		return "", nil
	case "":
		dir, err := daemon.RuntimeDir(s.process.environ)
		return filepath.Join(dir, instanceOf(s.process.flags.Config).socket()), err
	default:
		return path, nil
	}
}

func (s *server) controlHint(err error) error {
	hint := `control_socket sets another place, and "none" does without`
	if errors.Is(err, httpd.ErrInUse) {
		hint = "does this relay run already? Another one needs a control_socket of its own"
	}
	return daemon.Hint(s.of("control_socket", err), "%s", hint)
}

// of says of an error which setting it comes of, and from where.
func (s *server) of(key string, err error) error {
	return &config.Problem{Origin: s.running.report.Origin(key), Key: key, Err: err}
}
