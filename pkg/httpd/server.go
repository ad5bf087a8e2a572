package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Bounds on what peers may cost.
const (
	maxConnections = 64
	maxHeader      = 8 << 10  // bytes
	maxBody        = 64 << 10 // bytes
	headerTime     = 5 * time.Second
	readTime       = 10 * time.Second
	writeTime      = 30 * time.Second
	idleTime       = time.Minute
	stopTime       = 500 * time.Millisecond // for answers under way
)

// Options are what a [Server] works with.
type Options struct {
	// Logger is told of panics of handlers and of connections that could not be accepted. Nil: nobody is.
	Logger *zap.Logger
	// Public are the paths that are served also to who does not know the token of [Config].TokenFile.
	Public []string
}

// Server is a socket that is bound.
type Server struct {
	listener net.Listener
	http     *http.Server
	config   Config                  // of Listen
	secrets  atomic.Pointer[secrets] // nil: it has no use for any
}

// Listen binds the address of cfg. GET and HEAD alone reach h, of those who know the token if there is one, and nothing that a browser asks for another site. An error
// that is about a setting is a [*SettingError].
func Listen(cfg Config, h http.Handler, opts Options) (*Server, error) {
	held, err := cfg.read()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, &SettingError{Key: "http_listen", Text: err.Error(), Err: err}
	}
	s := &Server{listener: l, config: cfg}
	s.secrets.Store(&held)
	if held.certificate != nil {
		s.listener = tls.NewListener(l, s.tls())
	}
	h = readOnly(sameSite(newHostNames(l.Addr(), cfg.Hosts), withToken(&s.secrets, opts.Public, h)))
	s.http = newHTTP(h, opts)
	return s, nil
}

// tls speaks HTTP/1.1 alone: with a newer one, requests of one connection would not be bounded by the number of connections.
func (s *Server) tls() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.secrets.Load().certificate, nil },
	}
}

// Reload reads the files of the token and the certificate again. When something is wrong with one of them it returns an error, and what was read before counts.
func (s *Server) Reload() error {
	fresh, err := s.config.read()
	if err != nil {
		return err
	}
	s.secrets.Store(&fresh)
	return nil
}

// Encrypted tells whether it serves HTTPS.
func (s *Server) Encrypted() bool { return s.config.CertificateFile != "" }

// Exposed tells whether other hosts may be able to ask without a token, or to read it on its way.
func (s *Server) Exposed() bool {
	return !isLoopback(s.Addr()) && (s.config.TokenFile == "" || !s.Encrypted())
}

// newHTTP makes what serves h.
func newHTTP(h http.Handler, opts Options) *http.Server {
	log := opts.Logger
	if log == nil {
		log = zap.NewNop()
	}
	visitors := newCrowd(maxConnections)
	return &http.Server{
		Handler:                      visitors.served(bounded(h)),
		ConnContext:                  visitors.enter,
		ConnState:                    visitors.state,
		ReadHeaderTimeout:            headerTime,
		ReadTimeout:                  readTime,
		WriteTimeout:                 writeTime,
		IdleTimeout:                  idleTime,
		MaxHeaderBytes:               maxHeader,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     newComplaints(log.Named("http")),
	}
}

// Addr returns where the server is bound, with the real port.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until ctx ends, and then for half a second what has been asked by then. It closes the server.
func (s *Server) Serve(ctx context.Context) error {
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }() // ends with Shutdown or Close
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP at %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := s.http.Shutdown(limit)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// Close closes a server that does not serve.
func (s *Server) Close() error { return s.listener.Close() }

// isLoopback tells whether only this host can connect to addr.
func isLoopback(addr net.Addr) bool {
	at, err := netip.ParseAddrPort(addr.String())
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// bounded limits what is read of bodies.
func bounded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		h.ServeHTTP(w, r)
	})
}
