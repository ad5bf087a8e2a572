package config_test

import (
	"strings"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/config"
)

// TestKeysAreNoPaths has no key shown that was set where the name of its file is wanted.
func TestKeysAreNoPaths(t *testing.T) {
	t.Parallel()
	const secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6" // of ZeroMQ RFC 26
	for name, set := range map[string]func(*config.Settings, string){
		"server_secret_key_file":        func(s *config.Settings, v string) { s.ServerSecretKeyFile = v },
		"next_server_secret_key_file":   func(s *config.Settings, v string) { s.NextServerSecretKeyFile = v },
		"client_secret_key_file":        func(s *config.Settings, v string) { s.ClientSecretKeyFile = v },
		"server_public_key_file":        func(s *config.Settings, v string) { s.ServerPublicKeyFile = v },
		"clients_public_keys_directory": func(s *config.Settings, v string) { s.ClientsPublicKeysDirectory = v },
		"server_public_keys":            func(s *config.Settings, v string) { s.ServerPublicKeys = []string{v} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := []string{secret, secret + "\n", "curve\n    secret-key = \"" + secret + "\"\n"}
			if name == "server_public_keys" {
				bad = append(bad, "*="+secret, "viirs_sdr="+secret)
			}
			for _, value := range bad {
				settings := config.DefaultSettings()
				set(&settings, value)
				err := settings.Validate()
				if err == nil || !strings.Contains(err.Error(), name+": holds a key itself") || strings.Contains(err.Error(), secret[:8]) {
					t.Errorf("%q: got %v", value, err)
				}
			}
			for _, value := range []string{
				"", "server.key_secret", "/etc/posttroll/keys/hosts/abc/server.key", "/run/credentials/x@1.service/s.key_secret", "*=/etc/posttroll/keys/server.key",
				"10.0.0.7:9010=/etc/posttroll/key/abc.key", "/etc/keys/with a blank (old)/abcdefgh.key",
			} {
				settings := config.DefaultSettings()
				set(&settings, value)
				if err := settings.Validate(); err != nil {
					t.Errorf("%q: got %v", value, err)
				}
			}
		})
	}
}
