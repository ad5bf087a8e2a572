package security

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"go.uber.org/zap"
)

// Config says where keys are and who may connect. The zero value is that of a program without keys that lets everybody in. The names in
// parentheses are those of the settings.
type Config struct {
	// ServerSecretKeyFile holds the pair of the sockets that are bound. (server_secret_key_file)
	ServerSecretKeyFile string
	// NextServerSecretKeyFile holds the pair that is to follow it. (next_server_secret_key_file)
	NextServerSecretKeyFile string
	// ClientsPublicKeysDirectory holds NAME.key for each client that may connect to secure sockets. It need not be there yet: as long as it
	// is not, nobody is admitted. (clients_public_keys_directory)
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

// Connecting returns what of c a program needs that binds no secure socket: without the server's pairs and the clients' folder, which the user who runs
// it need not be allowed to read. Who may connect to its plain sockets stays.
func (c Config) Connecting() Config {
	c.ServerSecretKeyFile, c.NextServerSecretKeyFile, c.ClientsPublicKeysDirectory = "", "", ""
	return c
}

// Binding returns what of c a program needs that connects to nothing: without the client's pair and the keys of servers.
func (c Config) Binding() Config {
	c.ClientSecretKeyFile, c.ServerPublicKeyFile, c.ServerPublicKeys = "", "", nil
	return c
}

// Bounds of Config.HandshakeInterval.
const (
	minHandshake     = 100 * time.Millisecond
	maxHandshake     = time.Hour
	defaultHandshake = 5 * time.Second
)

// withDefaults returns a copy of c that shares nothing with it.
func (c Config) withDefaults() Config {
	c.AuthorizedClientAddresses = slices.Clone(c.AuthorizedClientAddresses)
	c.ServerPublicKeys = slices.Clone(c.ServerPublicKeys)
	if c.HandshakeInterval == 0 {
		c.HandshakeInterval = defaultHandshake
	}
	return c
}

// check finds what no file need be read for.
func (c Config) check() error {
	if c.HandshakeInterval < minHandshake || c.HandshakeInterval > maxHandshake {
		return &SettingError{Key: "handshake_interval", Err: fmt.Errorf("%s is out of range, want %s to %s", c.HandshakeInterval, minHandshake, maxHandshake)}
	}
	return nil
}

// Options are what a [Security] works with.
type Options struct {
	// Logger is told of keys and addresses that come, go and can't be read. Nil: nobody is.
	Logger *zap.Logger
	// Resolve looks up host names of AuthorizedClientAddresses. An error that is a [net.DNSError] with IsNotFound, or no address, means that there is
	// no such host; any other one that it can't be told now. Default: the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	o.Logger = o.Logger.Named("security")
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return o
}
