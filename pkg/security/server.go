package security

import (
	"fmt"
	"path/filepath"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Server returns the security of a socket that is bound with that backend. That of a secure one is without a key, which is
// transport.ErrNoKeys when it is bound, unless both the pair and the clients' folder are configured.
func (s *Security) Server(b transport.Backend) transport.ServerSecurity {
	switch {
	case s == nil:
		return transport.ServerSecurity{}
	case b == transport.Plain || b == "":
		return s.plain()
	}
	return s.secure(s.server)
}

// NextServer is Server for a secure socket with the key that is to follow, and whether there is one.
func (s *Security) NextServer() (transport.ServerSecurity, bool) {
	if s == nil {
		return transport.ServerSecurity{}, false
	}
	next := s.secure(s.next)
	return next, next.Gate != nil
}

// ServerWith is Server for a secure socket with a key pair of its own, which is read from path. When that can't be read any more, it is the pair that was read
// last. Its errors are a [*curve.FileError], or transport.ErrNoKeys where no clients' folder is configured.
func (s *Security) ServerWith(path string) (transport.ServerSecurity, error) {
	if s == nil || s.folder == nil {
		return transport.ServerSecurity{}, fmt.Errorf("clients_public_keys_directory is not set: %w", transport.ErrNoKeys)
	}
	pair, err := s.ownPair(path)
	if err != nil {
		return transport.ServerSecurity{}, err
	}
	return s.secure(pair), nil
}

// ownPair reads a pair.
func (s *Security) ownPair(path string) (curve.KeyPair, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return curve.KeyPair{}, &curve.FileError{Path: path, Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return curve.KeyPair{}, transport.ErrClosed
	}
	known := s.own[path]
	pair, err := curve.ReadPair(path, curve.ReadOptions{AllowShared: s.cfg.AllowSharedKeyFiles})
	switch {
	case err != nil && len(known) == 0:
		return curve.KeyPair{}, err
	case err != nil:
		return known[len(known)-1], nil
	case len(known) > 0 && known[len(known)-1].Public == pair.Public:
		pair.Secret.Wipe()
		return known[len(known)-1], nil
	}
	s.own[path] = append(known, pair) // sockets may still use what was there before
	return pair, nil
}

// plain has a nil Gate, not one that holds nil, where everybody may connect.
func (s *Security) plain() transport.ServerSecurity {
	if s.hosts == nil {
		return transport.ServerSecurity{}
	}
	return transport.ServerSecurity{Gate: &gate{security: s}}
}

func (s *Security) secure(pair curve.KeyPair) transport.ServerSecurity {
	if s.folder == nil || pair.Secret.IsZero() {
		return transport.ServerSecurity{}
	}
	return transport.ServerSecurity{Key: pair, Gate: &gate{security: s, byKey: true}}
}
