package pubsub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/config"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/security"
)

func TestParseSecurity(t *testing.T) {
	t.Parallel()
	loaded := config.DefaultSettings().With(func(s *config.Settings) {
		s.ServerSecretKeyFile, s.NextServerSecretKeyFile = "/keys/server.key_secret", "/keys/next.key_secret"
		s.ClientsPublicKeysDirectory = "/keys/clients"
		s.AuthorizedClientAddresses = []string{"10.0.0.1", "10.1.0.0/16"}
		s.ClientSecretKeyFile, s.ServerPublicKeyFile = "/keys/me.key_secret", "/keys/server.key"
		s.ServerPublicKeys = []string{"viirs=/keys/a b.key", "lx1=/keys/lx1.key"}
		s.AllowSharedKeyFiles, s.HandshakeInterval = true, 1500*time.Millisecond
	})
	whole := security.Config{
		ServerSecretKeyFile: "/keys/server.key_secret", NextServerSecretKeyFile: "/keys/next.key_secret",
		ClientsPublicKeysDirectory: "/keys/clients", AuthorizedClientAddresses: []string{"10.0.0.1", "10.1.0.0/16"},
		ClientSecretKeyFile: "/keys/me.key_secret", ServerPublicKeyFile: "/keys/server.key",
		ServerPublicKeys:    []string{"viirs=/keys/a b.key", "lx1=/keys/lx1.key"},
		AllowSharedKeyFiles: true, HandshakeInterval: 1500 * time.Millisecond,
	}
	tests := []struct {
		name string
		in   settings
		want security.Config
	}{
		{"nothing", nil, security.Config{}},
		{"Python's words for nothing", settings{
			"server_secret_key_file": "None", "clients_public_keys_directory": nil, "authorized_client_addresses": "", "server_public_keys": "none",
		}, security.Config{}},
		{"what package config gives", loaded.Map(), whole},
		{"text", settings{
			"server_public_keys": "viirs=/keys/a b.key, lx1=/keys/lx1.key", "authorized_client_addresses": "10.0.0.1 ,10.1.0.0/16",
			"handshake_interval": "2", "allow_shared_key_files": "yes",
		}, security.Config{
			ServerPublicKeys: whole.ServerPublicKeys, AuthorizedClientAddresses: whole.AuthorizedClientAddresses,
			HandshakeInterval: 2 * time.Second, AllowSharedKeyFiles: true,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := pubsub.ParseSecurity(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSecurityRefuses(t *testing.T) {
	t.Parallel()
	_, err := pubsub.ParseSecurity(settings{
		"server_secret_keyfile": "x", "client_secret_key_file": 7, "handshake_interval": "50ms", "allow_shared_key_files": "maybe",
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`did you mean "server_secret_key_file"?`, "client_secret_key_file: want a text, got 7", "handshake_interval: 50ms: want 100ms to 1h0m0s",
		"allow_shared_key_files: want true or false",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to tell of %s", err, want)
		}
	}
}
