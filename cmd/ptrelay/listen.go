package main

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// listen binds the control socket and the address for HTTP, where the settings want them, and returns the parts that serve there. What is
// bound is closed by them, or by stop.
func (s *server) listen() (parts []daemon.Part, stop func() error, err error) {
	var bound []*httpd.Server
	stop = func() error {
		var errs []error
		for _, b := range bound {
			errs = append(errs, b.Close())
		}
		return errors.Join(errs...)
	}
	add := func(name string, b *httpd.Server) {
		bound = append(bound, b)
		parts = append(parts, daemon.Part{Name: name, NoHeartbeat: true, Run: func(ctx context.Context, h *daemon.Handle) error {
			h.Ready()
			return b.Serve(ctx)
		}})
	}
	opts := httpd.Options{Logger: s.log.Logger}
	if path, err := s.controlSocket(); err != nil {
		return nil, stop, err
	} else if path != "" {
		b, err := httpd.ListenUnix(path, s.commands(), opts)
		if err != nil {
			return nil, stop, s.controlHint(err)
		}
		add("control socket", b)
		s.log.Info("commands are taken", zap.String("socket", path))
	}
	if address := s.running.http.Listen; address != "" {
		b, err := httpd.Listen(address, s.watchers(), opts)
		if err != nil {
			return nil, stop, s.listenHint(err)
		}
		add("http", b)
		s.log.Info("HTTP is served", zap.Stringer("address", b.Addr()))
	}
	return parts, stop, nil
}

// controlSocket returns the path of the control socket; empty: there is to be none.
func (s *server) controlSocket() (string, error) {
	switch path := s.running.http.ControlSocket; path {
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

func (s *server) listenHint(err error) error {
	hint := ""
	if errors.Is(err, syscall.EADDRINUSE) {
		hint = "another program has the port (ss -ltnp shows which)"
	}
	return daemon.Hint(s.of("http_listen", err), "%s", hint)
}

// of says of an error which setting it comes of, and from where.
func (s *server) of(key string, err error) error {
	return &config.Problem{Origin: s.running.report.Origin(key), Key: key, Err: err}
}
