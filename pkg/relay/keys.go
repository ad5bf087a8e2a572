package relay

import (
	"cmp"
	"errors"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// closer is what an endpoint closes behind its socket.
type closer interface{ Close() error }

func closeAny(c closer) error {
	if c == nil {
		return nil
	}
	return c.Close()
}

// sourceNode returns the node that a source is made from, and the keys that are its own, nil where it has none.
func (r *Relay) sourceNode(cfg SourceConfig) (*pubsub.Node, closer, error) {
	if cfg.ClientSecretKeyFile == "" && cfg.ServerPublicKeyFile == "" && len(cfg.ServerPublicKeys) == 0 {
		return r.node(cfg.Backend, r.opts.Settings, nil)
	}
	keys := r.opts.Security.Config().Connecting()
	keys.AuthorizedClientAddresses = nil // nobody connects to a source
	if cfg.ClientSecretKeyFile != "" {
		keys.ClientSecretKeyFile = cfg.ClientSecretKeyFile
	}
	if cfg.ServerPublicKeyFile != "" || len(cfg.ServerPublicKeys) > 0 {
		keys.ServerPublicKeyFile, keys.ServerPublicKeys = cfg.ServerPublicKeyFile, cfg.ServerPublicKeys
	}
	return r.node(cfg.Backend, r.opts.Settings, &keys)
}

// sinkNode is sourceNode for a sink. A key file of the server's alone needs no keys of its own: publishers take one.
func (r *Relay) sinkNode(cfg SinkConfig) (*pubsub.Node, closer, error) {
	settings := r.opts.Settings
	if cfg.ClientsPublicKeysDirectory == "" && len(cfg.AuthorizedClientAddresses) == 0 {
		return r.node(cfg.Backend, settings, nil)
	}
	keys := r.opts.Security.Config()
	if cfg.ClientsPublicKeysDirectory != "" {
		keys.ClientsPublicKeysDirectory = cfg.ClientsPublicKeysDirectory
	}
	if len(cfg.AuthorizedClientAddresses) > 0 {
		keys.AuthorizedClientAddresses = cfg.AuthorizedClientAddresses
		settings.AuthorizedClients = cfg.AuthorizedClientAddresses
	}
	return r.node(cfg.Backend, settings, &keys)
}

// node makes a node with keys of its own, or without any with those of the relay.
func (r *Relay) node(backend transport.Backend, settings pubsub.Settings, keys *security.Config) (*pubsub.Node, closer, error) {
	settings.KeepAlive = keepAlive(settings.KeepAlive)
	if backend != "" {
		// How nameservers are told is as the settings say, not as the sink speaks.
		settings.AnnounceBackend = cmp.Or(settings.AnnounceBackend, settings.Backend, transport.Plain)
		settings.Backend = backend
	}
	opts := pubsub.Options{
		Transport: r.opts.Transport, Settings: settings, Security: r.opts.Security, Group: r.opts.Group, Logger: r.opts.Logger,
	}
	var own closer
	if keys != nil {
		sec, err := security.Open(*keys, security.Options{Logger: r.opts.Logger})
		if err != nil {
			return nil, nil, err
		}
		opts.Security, own = sec, sec
	}
	node, err := pubsub.New(opts)
	if err != nil {
		return nil, nil, errors.Join(err, closeAny(own))
	}
	return node, own, nil
}
