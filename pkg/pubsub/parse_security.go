package pubsub

import (
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/security"
)

// Range of handshake_interval.
const (
	minHandshake = 100 * time.Millisecond
	maxHandshake = time.Hour
)

// ParseSecurity reads what [security.Open] needs from the settings of a program, the same that [ParseSettings] reads: where keys are, and who may
// connect. Unknown keys are errors. All problems are told at once; no file is looked at.
//
//	cfg, err := pubsub.ParseSecurity(settings.Map())
//	sec, err := security.Open(cfg, security.Options{Logger: log})
func ParseSecurity(settings map[string]any) (security.Config, error) {
	v := &values{m: settings}
	c := security.Config{
		ServerSecretKeyFile:        v.path("server_secret_key_file"),
		NextServerSecretKeyFile:    v.path("next_server_secret_key_file"),
		ClientsPublicKeysDirectory: v.path("clients_public_keys_directory"),
		AuthorizedClientAddresses:  v.filled("authorized_client_addresses", atCommaOrBlank),
		ClientSecretKeyFile:        v.path("client_secret_key_file"),
		ServerPublicKeyFile:        v.path("server_public_key_file"),
		ServerPublicKeys:           v.filled("server_public_keys", atComma), // blanks may stand in names of files
		AllowSharedKeyFiles:        v.boolean("allow_shared_key_files", false),
		HandshakeInterval:          v.handshakeInterval(),
	}
	if err := v.err(settingsKeys); err != nil {
		return security.Config{}, fmt.Errorf("settings: %w", err)
	}
	return c, nil
}

// path reads the name of a file or directory; a word for nothing is none.
func (v *values) path(key string) string {
	if isNone(v.m[key]) {
		return ""
	}
	return v.text(key, "")
}

// handshakeInterval reads a number of seconds, or a text such as "500ms"; 0 means the default.
func (v *values) handshakeInterval() time.Duration {
	const key = "handshake_interval"
	d := v.seconds(key, 0)
	if d != 0 && (d < minHandshake || d > maxHandshake) {
		v.fail(key, "%v: want %v to %v", d, minHandshake, maxHandshake)
		return 0
	}
	return d
}
