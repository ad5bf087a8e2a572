package security

import (
	"context"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Config says where keys are and who may connect. The zero value is that of a program without keys that lets everybody in. The names in
// parentheses are those of the settings.
type Config struct {
	// ServerSecretKeyFile holds the pair of the sockets that are bound. (server_secret_key_file)
	ServerSecretKeyFile string
	// NextServerSecretKeyFile holds the pair that is to follow it. (next_server_secret_key_file)
	NextServerSecretKeyFile string
	// ClientsPublicKeysDirectory holds NAME.key for each client that may connect to secure sockets. (clients_public_keys_directory)
	ClientsPublicKeysDirectory string
	// AuthorizedClientAddresses are the hosts that may connect to any socket: addresses, networks as 10.1.0.0/16, and host names. Empty:
	// all hosts may. (authorized_client_addresses)
	AuthorizedClientAddresses []string

	// ClientSecretKeyFile holds the pair that we show to secure servers. (client_secret_key_file)
	ClientSecretKeyFile string
	// ServerPublicKeyFile holds the public key of the servers that ServerPublicKeys does not name. (server_public_key_file)
	ServerPublicKeyFile string
	// ServerPublicKeys are those of servers with a key of their own, as "WHO=FILE"; see [Security.ServerKeys]. (server_public_keys)
	ServerPublicKeys []string

	// AllowSharedKeyFiles takes secret key files that others can read. (allow_shared_key_files)
	AllowSharedKeyFiles bool
	// HandshakeInterval is how long a handshake may take. From 100 ms to an hour; default 5 s. (handshake_interval)
	HandshakeInterval time.Duration
}

// Options are what a [Security] works with.
type Options struct {
	// Logger is told of keys and addresses that come, go and can't be read. Nil: nobody is.
	Logger *zap.Logger
	// Resolve looks up host names of AuthorizedClientAddresses. Default: the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Security is what the sockets of a program need. All methods may be called concurrently, but for Close, and on nil.
type Security struct {
	cfg Config
}

// Open reads the key files and begins to watch the clients' folder. Its errors name the setting, the file and the cause. The caller closes it,
// after the sockets that use it.
func Open(cfg Config, opts Options) (*Security, error) { return &Security{cfg: cfg}, nil }

// Close ends watching, and wipes the secret keys.
func (s *Security) Close() error { return nil }

// Config returns what s was opened with.
func (s *Security) Config() Config {
	if s == nil {
		return Config{}
	}
	return s.cfg
}

// Server returns the security of a socket that is bound with that backend. That of a secure one is without a key, which is
// transport.ErrNoKeys when it is bound, unless both the pair and the clients' folder are configured.
func (s *Security) Server(b transport.Backend) transport.ServerSecurity {
	return transport.ServerSecurity{}
}

// NextServer is Server with the key that is to follow, and whether there is one.
func (s *Security) NextServer() (transport.ServerSecurity, bool) {
	return transport.ServerSecurity{}, false
}

// ServerWith is Server for a secure socket with a key pair of its own, which is read from path when it is first asked for.
func (s *Security) ServerWith(path string) (transport.ServerSecurity, error) {
	return transport.ServerSecurity{}, transport.ErrNoKeys
}

// Address fills in the keys that the server at a secure address may have. services are the names under which it was found, if it was. Other addresses, and
// those that have keys, come back as they are.
func (s *Security) Address(a transport.Address, services ...string) transport.Address {
	return a
}

// ServerKeys returns the keys that the server at an endpoint may have. Of what Config.ServerPublicKeys names, the closest counts alone: the
// URI, then host:port, then the host, then one of the services; and where none of them is named, "*" and ServerPublicKeyFile.
func (s *Security) ServerKeys(ep transport.Endpoint, services ...string) curve.PublicKeys {
	return curve.PublicKeys{}
}

// Options fills in what a socket needs to connect: the client's key and the handshake interval.
func (s *Security) Options(o transport.SocketOptions) transport.SocketOptions { return o }
