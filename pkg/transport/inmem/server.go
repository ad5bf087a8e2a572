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
	door     door
	watch    *watch // of the door's gate; nil without one
	closed   bool   // guarded by Network.mu
}

// listenConfig says where a server binds.
type listenConfig struct {
	endpoint         transport.Endpoint
	minPort, maxPort int // 0: the default range
	backend          transport.Backend
	security         transport.ServerSecurity
}

// errListener refuses sockets of the operating system, which nobody in memory can connect to.
var errListener = errors.New("a listening socket can't be used in memory")

// listen binds s and lets those in that wait for it. self is the socket around s.
func (t *Transport) listen(cfg listenConfig, s *server, self interface {
	acceptor
	io.Closer
}) error {
	if cfg.endpoint.IsZero() {
		return errors.New("bind: no endpoint")
	}
	door, err := newDoor(cfg.endpoint, cfg.backend, cfg.security)
	if err != nil {
		return fmt.Errorf("bind %s: %w", cfg.endpoint, err)
	}
	s.door = door
	cfg.minPort, cfg.maxPort = cmp.Or(cfg.minPort, defaultMinPort), cmp.Or(cfg.maxPort, defaultMaxPort)
	if cfg.minPort < 1 || cfg.maxPort > 65536 || cfg.minPort >= cfg.maxPort {
		return fmt.Errorf("bind %s: port range [%d, %d): want 1 <= min < max <= 65536", cfg.endpoint, cfg.minPort, cfg.maxPort)
	}
	t.network.mu.Lock()
	defer t.network.mu.Unlock()
	if t.closed {
		return transport.ErrClosed
	}
	b, err := t.bind(cfg, &s.door, self)
	if err != nil {
		return fmt.Errorf("bind %s: %w", cfg.endpoint, err)
	}
	s.owner, s.self, s.binding = t, self, b
	s.endpoint = cfg.endpoint
	if b.place.scheme == "tcp" {
		s.endpoint = cfg.endpoint.WithPort(b.place.port)
	}
	t.add(self)
	if s.door.gate != nil {
		s.watch = newWatch(s.door.gate, s.rejudge)
	}
	t.network.settle()
	return nil
}

// Endpoint is what was bound, with the real port.
func (s *server) Endpoint() transport.Endpoint { return s.endpoint }

// rejudge lets those go who are admitted no more, and those in who are now.
func (s *server) rejudge() {
	n := s.owner.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.closed {
		return
	}
	s.door.stats.Revoked += s.binding.end.revoke(s.door.revoked)
	n.settle()
}

// close calls shut, which frees what the socket around s has, if s was open, and waits until nothing of s runs any more.
func (s *server) close(shut func()) {
	mu := &s.owner.network.mu
	mu.Lock()
	if s.shut() {
		shut()
	}
	mu.Unlock()
	s.watch.wait()
}

// shut frees the endpoint and tells whether s was open. The caller holds mu.
func (s *server) shut() bool {
	if s.closed {
		return false
	}
	s.closed = true
	s.binding.unbind()
	s.owner.remove(s.self)
	if s.watch != nil {
		s.watch.end()
	}
	return true
}
