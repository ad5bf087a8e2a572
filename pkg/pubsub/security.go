package pubsub

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// socket returns the options of a socket; queue is the number of messages per connection, 0 for the default.
func (n *Node) socket(queue int) transport.SocketOptions {
	return n.security.Options(transport.SocketOptions{KeepAlive: n.settings.KeepAlive, Queue: queue})
}

// peer checks the address of a publisher that was found under services, or given, and returns what the transport connects to.
func (n *Node) peer(a Address, def transport.Backend, services ...string) (transport.Address, error) {
	to, err := a.peer(def)
	if err != nil {
		return transport.Address{}, err
	}
	return n.security.Address(to, services...), nil
}

// server returns the security of the socket that a publisher binds. A key file of its own counts before that of the settings.
func (n *Node) server(backend transport.Backend, bind transport.Endpoint, keyFile string) (transport.ServerSecurity, error) {
	switch {
	case bind.Scheme() == "inproc":
		return transport.ServerSecurity{}, nil // never leaves the process, and is never secured
	case backend != transport.Secure || keyFile == "":
		sec := n.security.Server(backend)
		if backend == transport.Secure && sec.Key.Secret.IsZero() {
			return sec, n.noServerKeys(keyFile)
		}
		return sec, nil
	case n.security.Config().ClientsPublicKeysDirectory == "":
		return transport.ServerSecurity{}, n.noServerKeys(keyFile)
	}
	return n.ownServer("server_secret_key_file", keyFile)
}

// ownServer returns the security of a socket with a key file of its own, which key names.
func (n *Node) ownServer(key, file string) (transport.ServerSecurity, error) {
	server, err := n.security.ServerWith(file)
	if err != nil {
		return server, &security.SettingError{Key: key, Err: err}
	}
	return server, nil
}

// noServerKeys says which settings a secure publisher lacks.
func (n *Node) noServerKeys(keyFile string) error {
	cfg := n.security.Config()
	var lacking []string
	if keyFile == "" && cfg.ServerSecretKeyFile == "" {
		lacking = append(lacking, "server_secret_key_file")
	}
	if cfg.ClientsPublicKeysDirectory == "" {
		lacking = append(lacking, "clients_public_keys_directory")
	}
	if len(lacking) == 0 {
		return fmt.Errorf("backend %q: %w", string(transport.Secure), transport.ErrNoKeys)
	}
	return fmt.Errorf("backend %q: %w: set %s", string(transport.Secure), transport.ErrNoKeys, strings.Join(lacking, " and "))
}

// checkClientKeys tells early that a nameserver can't be asked: not each program would notice that it never is.
func (n *Node) checkClientKeys(to transport.Address) error {
	if to.Backend != transport.Secure || to.Endpoint.Scheme() == "inproc" {
		return nil
	}
	var lacking []string
	if n.socket(0).ClientKey.Secret.IsZero() {
		lacking = append(lacking, "client_secret_key_file")
	}
	if to.ServerKeys.Len() == 0 {
		lacking = append(lacking, "server_public_key_file (or server_public_keys)")
	}
	if len(lacking) == 0 {
		return nil
	}
	return fmt.Errorf("backend %q: %w: set %s", string(transport.Secure), transport.ErrNoKeys, strings.Join(lacking, " and "))
}

// checkRestricted refuses to let everybody in where the settings say who may connect and the gate does not know of it.
func (n *Node) checkRestricted() error {
	want := slices.Sorted(slices.Values(n.settings.AuthorizedClients))
	have := slices.Sorted(slices.Values(n.security.Config().AuthorizedClientAddresses))
	switch {
	case len(want) == 0 || slices.Equal(want, have):
		return nil
	case n.security == nil:
		return fmt.Errorf("authorized_client_addresses is set (%s), and there is nothing that holds others off: open Options.Security with it (ParseSecurity)",
			strings.Join(want, ", "))
	}
	return errors.New("authorized_client_addresses: Options.Security was opened with other addresses than those of the settings")
}
