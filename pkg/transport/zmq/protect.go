package zmq

import (
	"errors"
	"fmt"
	"sync"

	"github.com/pebbe/zmq4"
	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// checkServer refuses to bind what could not be secured as the backend asks.
func checkServer(e transport.Endpoint, b transport.Backend, security transport.ServerSecurity) error {
	if e.Scheme() == "inproc" {
		if e.String() == zapEndpoint {
			return errors.New("the name is ZeroMQ's own")
		}
		_, err := transport.ParseBackend(string(orPlain(b)))
		return err
	}
	switch orPlain(b) {
	case transport.Plain:
		return nil
	case transport.Secure:
		if security.Key.Secret.IsZero() || security.Gate == nil {
			return fmt.Errorf("%w: set server_secret_key_file and clients_public_keys_directory", transport.ErrNoKeys)
		}
		return nil
	}
	_, err := transport.ParseBackend(string(b))
	return err
}

func orPlain(b transport.Backend) transport.Backend {
	if b == "" {
		return transport.Plain
	}
	return b
}

// isGuarded tells whether a socket that is bound at e with that security gets a guard.
func isGuarded(e transport.Endpoint, security transport.ServerSecurity) bool {
	return security.Gate != nil && e.Scheme() != "inproc"
}

// wantClient is what the guard of such a socket, if it gets one, must know of each message.
func wantClient(e transport.Endpoint, security transport.ServerSecurity) int {
	if !isGuarded(e, security) {
		return 0
	}
	return wantFD | wantPeer | wantUser
}

// receiveQueue is the ZMQ_RCVHWM that makes libzmq take n messages for a connection. Where the authenticator has named the client libzmq puts that
// name into the queue, before the first message, and never counts it as taken out: a limit of one would let nothing through.
func receiveQueue(n int, guarded bool) int {
	if guarded {
		n++
	}
	return n
}

// protect guards s, which is not bound yet, when that is asked for: otherwise it returns nil, and s is to be told of these events of connections alone. The caller closes the guard
// before the socket.
func (s *socket) protect(e transport.Endpoint, b transport.Backend, security transport.ServerSecurity, o transport.SocketOptions, unguarded zmq4.Event) (*guard, error) {
	if !isGuarded(e, security) {
		return nil, s.openMonitor(unguarded)
	}
	auth, err := s.owner.authenticate()
	if err != nil {
		return nil, err
	}
	g := &guard{
		s:        s,
		gate:     security.Gate,
		backend:  orPlain(b),
		ipc:      e.Scheme() == "ipc",
		patience: o.HandshakeInterval,
		auth:     auth,
		conns:    newClientConns(),
		hosts:    newHosts(),
		refused:  newRefusals(),
		known:    make(map[visitor]struct{}),
	}
	g.logger.Store(s.log)
	g.domain = auth.register(g)
	err = errors.Join(
		wrap("ZMQ_ZAP_DOMAIN", setOption(s.raw, optZAPDomain, []byte(g.domain))),
		wrap("ZMQ_ZAP_ENFORCE_DOMAIN", setOptionInt(s.raw, optZAPEnforceDomain, 1)),
		s.openMonitor(guardedEvents(g.backend)),
	)
	if g.backend == transport.Secure {
		err = errors.Join(err, setServerKey(s, security.Key))
	}
	if err != nil {
		auth.unregister(g.domain)
		return nil, err
	}
	g.unwatch = sync.OnceFunc(security.Gate.Watch(g.changed))
	return g, nil
}

// follow begins to follow the connections of s, which is bound at e: by its guard, or for their begins and ends alone, of which tell is told under the socket's mu.
func (s *socket) follow(g *guard, e transport.Endpoint, tell func(fd int, begins bool)) {
	if g != nil {
		g.start(e)
		return
	}
	s.watchFile(s.monitor.signal, func() {
		if s.lockFollowing() == nil {
			s.readConnections(tell)
			s.mu.Unlock()
		}
	})
}

// readConnections takes in what the monitor tells of connections that no guard follows. The socket's mu is held.
func (s *socket) readConnections(tell func(fd int, begins bool)) {
	events, err := s.monitor.read(nil)
	if err != nil {
		s.log.Error("monitor can't be read", zap.Error(err))
	}
	for _, e := range events {
		begins := e.kind == zmq4.EVENT_ACCEPTED
		tell(e.value, begins)
		if !begins {
			heap.soon()
		}
	}
}

// setServerKey makes s a CURVE server.
func setServerKey(s *socket, pair curve.KeyPair) error {
	secret := pair.Secret.Reveal()
	defer clear(secret)
	public := pair.Secret.Public()
	return errors.Join(
		wrap("ZMQ_CURVE_SERVER", setOptionInt(s.raw, optCurveServer, 1)),
		wrap("ZMQ_CURVE_PUBLICKEY", setOption(s.raw, optCurvePublicKey, public[:])),
		wrap("ZMQ_CURVE_SECRETKEY", setOption(s.raw, optCurveSecretKey, secret)),
	)
}
