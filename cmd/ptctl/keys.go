package main

import (
	"errors"
	"fmt"
	"io"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/daemon"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// openKeys opens the keys that a command uses. The others in the settings of a host may well be readable by its daemons alone. With backend plain
// they are of use for secure publishers that are found or given, so what can't be read is warned of.
func openKeys(c configuration, binds bool, stderr io.Writer, log *zap.Logger) (*security.Security, error) {
	cfg := c.keys
	secure := c.settings.Backend == transport.Secure
	if !binds || !secure {
		cfg.ServerSecretKeyFile, cfg.NextServerSecretKeyFile, cfg.ClientsPublicKeysDirectory = "", "", ""
	}
	if !binds {
		cfg.AuthorizedClientAddresses = nil
	}
	keys, err := security.Open(cfg, security.Options{Logger: log})
	if err == nil || secure {
		return keys, keysMissing(daemon.BadConfig(err))
	}
	cfg.ClientSecretKeyFile, cfg.ServerPublicKeyFile, cfg.ServerPublicKeys = "", "", nil
	keys, plainErr := security.Open(cfg, security.Options{Logger: log})
	if plainErr != nil {
		return nil, daemon.BadConfig(err)
	}
	fmt.Fprintf(stderr, "warning: %v; secure publishers are out of reach\n", err)
	return keys, nil
}

// keysMissing gives the error of what lacks keys its status and a hint.
func keysMissing(err error) error {
	if !errors.Is(err, transport.ErrNoKeys) {
		return err
	}
	return daemon.Hint(daemon.BadConfig(err), "ptkeys NAME makes a pair of keys; each of the settings can be a variable, as POSTTROLL_CLIENT_SECRET_KEY_FILE")
}

// noAnswerHint says what to try when no nameserver answers.
func noAnswerHint(settings pubsub.Settings) string {
	if settings.Backend == transport.Secure {
		return fmt.Sprintf("ptkeys test tcp://HOST:%d --server-key FILE --secret-key FILE tells whether somebody is there and the keys fit", settings.SecureNameserverPort)
	}
	return "systemctl status posttroll-nameserver on that host tells more; --nameserver names another one"
}
