package inmem

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// server is what bound sockets have in common.
type server struct {
	owner    *Transport
	self     io.Closer
	endpoint transport.Endpoint // as bound, with the real port; never changes
	binding  *binding
	closed   bool // guarded by Network.mu
}

// listenConfig says where a server binds.
type listenConfig struct {
	endpoint         transport.Endpoint
	minPort, maxPort int // 0: the default range
	backend          transport.Backend
}

// listen binds s and lets those in that wait for it. self is the socket around s.
func (t *Transport) listen(cfg listenConfig, s *server, self interface {
	acceptor
	io.Closer
}) error {
	if cfg.endpoint.IsZero() {
		return errors.New("bind: no endpoint")
	}
	if err := checkBackend(cfg.backend); err != nil {
		return fmt.Errorf("bind %s: %w", cfg.endpoint, err)
	}
	cfg.minPort, cfg.maxPort = cmp.Or(cfg.minPort, defaultMinPort), cmp.Or(cfg.maxPort, defaultMaxPort)
	if cfg.minPort < 1 || cfg.maxPort > 65536 || cfg.minPort >= cfg.maxPort {
		return fmt.Errorf("bind %s: port range [%d, %d): want 1 <= min < max <= 65536", cfg.endpoint, cfg.minPort, cfg.maxPort)
	}
	t.network.mu.Lock()
	defer t.network.mu.Unlock()
	if t.closed {
		return transport.ErrClosed
	}
	b, err := t.bind(cfg, self)
	if err != nil {
		return fmt.Errorf("bind %s: %w", cfg.endpoint, err)
	}
	s.owner, s.self, s.binding = t, self, b
	s.endpoint = cfg.endpoint
	if b.place.scheme == "tcp" {
		s.endpoint = cfg.endpoint.WithPort(b.place.port)
	}
	t.add(self)
	t.network.settle()
	return nil
}

// Endpoint is what was bound, with the real port.
func (s *server) Endpoint() transport.Endpoint { return s.endpoint }

// shut frees the endpoint and tells whether s was open. The caller holds mu.
func (s *server) shut() bool {
	if s.closed {
		return false
	}
	s.closed = true
	s.binding.unbind()
	s.owner.remove(s.self)
	return true
}
