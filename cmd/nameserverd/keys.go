package main

import (
	"cmp"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// openKeys reads the keys that the settings name, and begins to watch who may connect. What is wrong with them is bad configuration.
func (s *settled) openKeys(log *zap.Logger) (*security.Security, error) {
	cfg, err := pubsub.ParseSecurity(s.shared.Map())
	if err != nil {
		return nil, daemon.BadConfig(err)
	}
	if !s.registersSecurely() {
		cfg = cfg.Binding() // the keys of this host's subscribers are none of our business
	}
	sec, err := security.Open(cfg, security.Options{Logger: log})
	if err != nil {
		return nil, daemon.BadConfig(s.located(err))
	}
	if err := s.own.ValidateKeys(sec); err != nil {
		return nil, daemon.BadConfig(errors.Join(s.located(err), sec.Close()))
	}
	return sec, nil
}

// registersSecurely tells whether the change feed is announced to other nameservers with the key of a client.
func (s *settled) registersSecurely() bool {
	return len(s.own.FeedNameservers) > 0 && cmp.Or(s.own.AnnounceBackend, s.own.Backend) == transport.Secure
}

// warnOfKeys adds what was perhaps not meant so.
func (s *settled) warnOfKeys() {
	if s.shared.ServerSecretKeyFile != "" && s.shared.ClientsPublicKeysDirectory == "" && s.own.Backend == transport.Plain {
		s.report.Warnings = append(s.report.Warnings, config.Warning{
			Origin: s.report.Origin("server_secret_key_file"),
			Text:   "server_secret_key_file without clients_public_keys_directory: no encrypted ports are bound",
		})
	}
}

// changedKeys returns the settings whose files hold other server keys now than those that sec has read from them, and an error for files that can't
// be read.
func (s *settled) changedKeys(sec *security.Security) (changed []string, err error) {
	next, _ := sec.NextServer()
	for _, used := range []struct {
		key, path string
		public    curve.PublicKey
	}{
		{"server_secret_key_file", s.shared.ServerSecretKeyFile, sec.Server(transport.Secure).Key.Public},
		{"next_server_secret_key_file", s.shared.NextServerSecretKeyFile, next.Key.Public},
	} {
		if used.path == "" || used.public.IsZero() {
			continue // not used
		}
		public, readErr := curve.ReadPublic(used.path)
		switch {
		case readErr != nil:
			err = errors.Join(err, fmt.Errorf("%s: %w", used.key, readErr))
		case public != used.public:
			changed = append(changed, used.key)
		}
	}
	return changed, err
}
