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

// protect guards s, which is not bound yet, when that is asked for: otherwise it returns nil. The caller closes the guard before the socket.
func (s *socket) protect(e transport.Endpoint, b transport.Backend, security transport.ServerSecurity, o transport.SocketOptions) (*guard, error) {
	if !isGuarded(e, security) {
		return nil, s.openMonitor(zmq4.EVENT_DISCONNECTED)
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

// follow begins to follow the connections of s, which is bound at e: by its guard, or for their ends alone, of which ended is told.
func (s *socket) follow(g *guard, e transport.Endpoint, ended func(fd int)) {
	if g == nil {
		s.watchFile(s.monitor.signal, func() { s.readEnds(ended) })
		return
	}
	g.start(e)
}

// readEnds takes in that connections have ended of which nothing else is followed.
func (s *socket) readEnds(ended func(fd int)) {
	if s.lock() != nil {
		return
	}
	defer s.mu.Unlock()
	ends, err := s.monitor.read(nil)
	if err != nil {
		s.log.Error("monitor can't be read", zap.Error(err))
	}
	for _, e := range ends {
		ended(e.value)
		heap.soon()
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
