package main

import (
	"cmp"
	"errors"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/cmd/internal/lifecycle"
	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/config"
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

// checkKeys reads the keys, those of HTTP too, and closes them again.
func (s *settled) checkKeys() error {
	if err := monitor.Located(s.report, s.http.CheckFiles()); err != nil {
		return err
	}
	keys, err := s.openKeys(nil)
	if err != nil {
		return err
	}
	return keys.Close()
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

// warnOfClients adds what keeps out clients at present, which can change while the nameserver runs.
func (s *settled) warnOfClients() {
	lifecycle.WarnOfClients(s.report, "clients_public_keys_directory", s.shared.ClientsPublicKeysDirectory)
}
