package httpd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
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
}

// Server is a socket that is bound.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Listen binds an address, as "127.0.0.1:9180". GET and HEAD alone reach h, and nothing that a browser asks for another site.
func Listen(address string, h http.Handler, opts Options) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for HTTP: %w", err)
	}
	return newServer(l, readOnly(sameSite(isLoopback(l.Addr()), h)), opts)
}

// newServer serves h at l.
func newServer(l net.Listener, h http.Handler, opts Options) (*Server, error) {
	log := opts.Logger
	if log == nil {
		log = zap.NewNop()
	}
	errorLog, err := zap.NewStdLogAt(log.Named("http"), zap.WarnLevel)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	visitors := newCrowd(maxConnections)
	return &Server{
		listener: l,
		http: &http.Server{
			Handler:                      visitors.served(bounded(h)),
			ConnContext:                  visitors.enter,
			ConnState:                    visitors.state,
			ReadHeaderTimeout:            headerTime,
			ReadTimeout:                  readTime,
			WriteTimeout:                 writeTime,
			IdleTimeout:                  idleTime,
			MaxHeaderBytes:               maxHeader,
			DisableGeneralOptionsHandler: true,
			ErrorLog:                     errorLog,
		},
	}, nil
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
