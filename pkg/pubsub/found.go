package pubsub

import (
	"errors"
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// declined is why the program does not want a publisher. Nothing is wrong then.
type declined struct{ error }

func (d declined) Unwrap() error { return d.error }

// passedOver is the level at which the log tells of a publisher that is not connected to.
func passedOver(err error) zapcore.Level {
	if _, ok := errors.AsType[declined](err); ok {
		return zap.InfoLevel
	}
	return zap.WarnLevel
}

// foundAddress returns where to connect to a publisher that was found. With served, the publisher has two sockets, and the other one is the one to
// connect to.
//
// Keys that an announcement claims are compared with those that are configured, and never used themselves: anybody can announce.
func (s *Subscriber) foundAddress(e discovery.Entry) (to transport.Address, served bool, err error) {
	if s.accept != nil {
		if err := s.accept(e); err != nil {
			return transport.Address{}, false, declined{err}
		}
	}
	addr := Address{URI: e.URI, Backend: e.Backend, SupportedVersion: e.SupportedVersion}
	to, err = s.node.peer(addr, s.backend, e.Services...)
	if err == nil && to.Backend != transport.Secure && s.node.settings.RequireSecure {
		return to, false, fmt.Errorf("%s: it says that it is plain, and require_secure is set", e.URI)
	}
	if err != nil || to.Backend != transport.Secure || to.ServerKeys.Len() == 0 {
		return to, false, err
	}
	if s.node.servedByOther(e) {
		return to, true, nil
	}
	if key := e.ServerKey(); !key.IsZero() && !to.ServerKeys.Contains(key) {
		return to, false, fmt.Errorf("%s: it announces the server key %s, which is not among those configured for it: if that is its key, "+
			"add the file to server_public_keys", e.URI, key.Fingerprint())
	}
	return to, false, nil
}

// usable tells whether a publisher that was found is one to connect to.
func (s *Subscriber) usable(e discovery.Entry) bool {
	_, served, err := s.foundAddress(e)
	return err == nil && !served
}

// servedByOther tells whether e is the second socket of a publisher whose first one we can connect to.
func (n *Node) servedByOther(e discovery.Entry) bool {
	uri, key := e.SameAs()
	if key.IsZero() || uri == e.URI {
		return false
	}
	if uri == "" {
		uri = e.URI // it did not fit: the keys for this one are as good a guess
	}
	first, err := transport.ConnectEndpoint(uri)
	return err == nil && n.security.ServerKeys(first, e.Services...).Contains(key)
}
