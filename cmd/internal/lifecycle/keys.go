package lifecycle

import (
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// WarnOfClients adds to a report what keeps out clients at present: what is wrong with their folder, which the setting key names. It can change while the daemon
// runs. An empty folder is none.
func WarnOfClients(report *config.Report, key, folder string) {
	if folder == "" {
		return
	}
	if _, err := curve.ReadClients(folder); err != nil {
		for line := range strings.Lines(err.Error()) {
			report.Warnings = append(report.Warnings, config.Warning{
				Origin: report.Origin(key), Text: strings.TrimSuffix(line, "\n") + ": admits nobody",
			})
		}
	}
}

// TellRestart logs what counts only after a restart, so that the restart holds no surprise: the settings, the keys that are not those that are used but for keys of these settings, and what keeps
// keys from being read. open reads the keys again; they are closed.
func TellRestart(log *zap.Logger, settings []string, used *security.Security, open func() (*security.Security, error)) error {
	if len(settings) > 0 {
		log.Warn("changed settings that need a restart", zap.Strings("settings", settings))
	}
	fresh, err := open()
	if err != nil {
		log.Warn("keys with which it would not start again", zap.Error(err))
		return nil
	}
	changed := slices.DeleteFunc(changedKeys(used, fresh), func(key string) bool { return slices.Contains(settings, key) })
	if len(changed) > 0 {
		log.Warn("changed keys that need a restart", zap.Strings("settings", changed))
	}
	return fresh.Close()
}

// changedKeys returns the settings whose files hold other keys than those that are used.
func changedKeys(used, fresh *security.Security) (changed []string) {
	if public(used.Server(transport.Secure)) != public(fresh.Server(transport.Secure)) {
		changed = append(changed, "server_secret_key_file")
	}
	next, _ := used.NextServer()
	freshNext, _ := fresh.NextServer()
	if public(next) != public(freshNext) {
		changed = append(changed, "next_server_secret_key_file")
	}
	if client(used) != client(fresh) {
		changed = append(changed, "client_secret_key_file")
	}
	return changed
}

func public(s transport.ServerSecurity) curve.PublicKey { return s.Key.Public }

func client(s *security.Security) curve.PublicKey {
	return s.Options(transport.SocketOptions{}).ClientKey.Public
}
