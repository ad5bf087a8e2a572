package main

import (
	"cmp"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/cmd/internal/lifecycle"
	"github.com/pytroll/posttroll-go/cmd/internal/monitor"
	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/relay"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// openKeys reads the keys that the settings name for all routes, and begins to watch who may connect. What is wrong with them is bad configuration.
func (s *settled) openKeys(log *zap.Logger) (*security.Security, error) {
	cfg, err := pubsub.ParseSecurity(s.shared.Map())
	if err != nil {
		return nil, daemon.BadConfig(err)
	}
	if !s.bindsSecurely() {
		cfg = cfg.Connecting() // the keys of this host's publishers are none of our business
	}
	sec, err := security.Open(cfg, security.Options{Logger: log})
	if err != nil {
		return nil, daemon.BadConfig(s.located(err))
	}
	return sec, nil
}

// bindsSecurely tells whether a sink needs the keys of a server.
func (s *settled) bindsSecurely() bool {
	for _, route := range s.own.Routes {
		if route.Sink.SameAs == "" && cmp.Or(route.Sink.Backend, transport.Backend(s.shared.Backend)) == transport.Secure {
			return true
		}
	}
	return false
}

// checkKeys reads all keys, also those of single routes and of HTTP, and closes them again. Nothing is bound.
func (s *settled) checkKeys() (err error) {
	if err := monitor.Located(s.report, s.http.CheckFiles()); err != nil {
		return err
	}
	keys, err := s.openKeys(nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	parsed, err := pubsub.ParseSettings(s.shared.Map())
	if err != nil {
		return daemon.BadConfig(err)
	}
	network, err := zmq.New(zmq.Options{})
	if err != nil {
		return fmt.Errorf("start ZeroMQ: %w", err)
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	r, err := relay.New(s.own, relay.Options{Transport: network, Settings: parsed, Security: keys})
	if err != nil {
		return err
	}
	return errors.Join(daemon.BadConfig(s.located(r.CheckKeys())), r.Close())
}

// warnOfClients adds what keeps out clients at present, which can change while the relay runs.
func (s *settled) warnOfClients() {
	told := make(map[string]bool)
	s.warnOfFolder("clients_public_keys_directory", s.shared.ClientsPublicKeysDirectory, told)
	for i, route := range s.own.Routes {
		s.warnOfFolder(fmt.Sprintf("route[%d].sink.clients_public_keys_directory", i+1), route.Sink.ClientsPublicKeysDirectory, told)
	}
}

func (s *settled) warnOfFolder(key, folder string, told map[string]bool) {
	if told[folder] {
		return
	}
	told[folder] = true
	lifecycle.WarnOfClients(s.report, key, folder)
}

var errNeedsKeys = errors.New("a sink that is to speak securely needs the keys of a server, which were not read at the start")
