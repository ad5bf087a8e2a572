package security

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Security is what the sockets of a program need. All methods may be called concurrently, but for Close, and on nil.
type Security struct {
	cfg Config
	log *zap.Logger

	server, next, client curve.KeyPair
	known                serverKeys

	hosts   *hosts  // nil: all hosts may connect
	folder  *folder // nil: no key is admitted
	changes watchers
	closed  atomic.Bool

	mu  sync.Mutex
	own map[string][]curve.KeyPair // of ServerWith, by path, the last one last

	stop    context.CancelFunc
	running sync.WaitGroup
	watch   *watch // of the folder; nil without
}

// Open reads the key files and begins to watch the clients' folder; host names are looked up, which takes five seconds at most. Its errors, joined, are each a
// [*SettingError] that names the setting, the file and the cause. The caller closes what it returns, after the sockets that use it.
func Open(cfg Config, opts Options) (*Security, error) {
	opts = opts.withDefaults()
	s := &Security{cfg: cfg.withDefaults(), log: opts.Logger, own: map[string][]curve.KeyPair{}}
	if err := errors.Join(s.cfg.check(), s.readKeys(), s.readRules(opts)); err != nil {
		s.wipe()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if s.folder != nil {
		s.watch = newWatch(s.folder.path, s.log)
		s.folder.arm, s.folder.signals = s.watch.arm, s.watch.signals
		_, soon := s.folder.look()
		s.running.Go(func() { s.folder.run(ctx, soon, s.changes.fire) })
	}
	if s.hosts != nil && len(s.hosts.names) > 0 {
		settled, _ := s.hosts.look(ctx)
		s.running.Go(func() { s.hosts.run(ctx, settled, s.changes.fire) })
	}
	return s, nil
}

// readKeys reads the pairs, and the keys of servers.
func (s *Security) readKeys() error {
	errs := []error{
		s.readPair(&s.server, "server_secret_key_file", s.cfg.ServerSecretKeyFile),
		s.readPair(&s.next, "next_server_secret_key_file", s.cfg.NextServerSecretKeyFile),
		s.readPair(&s.client, "client_secret_key_file", s.cfg.ClientSecretKeyFile),
	}
	if s.cfg.NextServerSecretKeyFile != "" && s.cfg.ServerSecretKeyFile == "" {
		errs = append(errs, &SettingError{Key: "next_server_secret_key_file", Err: errors.New("server_secret_key_file, which it is to follow, is not set")})
	}
	if err := errors.Join(errs...); err != nil {
		return errors.Join(err, s.readKnown())
	}
	if !s.next.Secret.IsZero() && s.next.Public == s.server.Public {
		// So it is at the end of a change of keys, which must not keep a program from starting.
		s.log.Warn("next server key is the server key already", zap.String("setting", "next_server_secret_key_file"),
			zap.String("fingerprint", s.server.Public.Fingerprint()))
		s.next.Secret.Wipe()
		s.next = curve.KeyPair{}
	}
	return s.readKnown()
}

func (s *Security) readKnown() (err error) {
	s.known, err = readServerKeys(s.cfg.ServerPublicKeyFile, s.cfg.ServerPublicKeys)
	for _, path := range s.known.secrets {
		s.log.Warn("server's key file holds its secret key, too: clients need the public one alone (NAME.key)", zap.String("path", path))
	}
	return err
}

// readPair reads a pair, if its file is set.
func (s *Security) readPair(pair *curve.KeyPair, key, path string) error {
	if path == "" {
		return nil
	}
	read, err := curve.ReadPair(path, curve.ReadOptions{AllowShared: s.cfg.AllowSharedKeyFiles})
	if err != nil {
		return &SettingError{Key: key, Err: err}
	}
	*pair = read
	return nil
}

// readRules reads who may connect.
func (s *Security) readRules(opts Options) error {
	if directory := s.cfg.ClientsPublicKeysDirectory; directory != "" {
		f, err := newFolder(directory, s.log)
		if err != nil {
			return &SettingError{Key: "clients_public_keys_directory", Err: err}
		}
		s.folder = f
	}
	if len(s.cfg.AuthorizedClientAddresses) > 0 {
		h, err := newHosts(s.cfg.AuthorizedClientAddresses, opts.Resolve, s.log)
		if err != nil {
			return err
		}
		s.hosts = h
	}
	return nil
}

// Close ends watching, refuses everybody, and wipes the secret keys. Nobody may use them meanwhile.
func (s *Security) Close() error {
	if s == nil || s.closed.Swap(true) {
		return nil
	}
	s.stop()
	err := s.watch.close()
	s.running.Wait()
	s.changes.fire() // what is still open, against the rules, is cut
	s.wipe()
	return err
}

func (s *Security) wipe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pairs := range s.own {
		for _, pair := range pairs {
			pair.Secret.Wipe()
		}
	}
	clear(s.own)
	for _, pair := range []curve.KeyPair{s.server, s.next, s.client} {
		pair.Secret.Wipe()
	}
}

// Config returns what s was opened with, defaults filled in.
func (s *Security) Config() Config {
	if s == nil {
		return Config{}
	}
	return s.cfg.withDefaults()
}

// Options fills in what a socket needs to connect and does not have: the client's key and the handshake interval.
func (s *Security) Options(o transport.SocketOptions) transport.SocketOptions {
	if s == nil {
		return o
	}
	if o.ClientKey.Secret.IsZero() {
		o.ClientKey = s.client
	}
	if o.HandshakeInterval == 0 {
		o.HandshakeInterval = s.cfg.HandshakeInterval
	}
	return o
}
