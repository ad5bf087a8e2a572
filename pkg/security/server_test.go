package security_test

import (
	"errors"
	"os"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// A secure socket has both a key and a gate, or neither; a plain one a gate where hosts are chosen.
func TestServer(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	public := func(name string) curve.PublicKey {
		key, err := curve.ReadPublic(curve.PublicPath(site.keys, name))
		must(t, err)
		return key
	}
	makeKey(t, site.keys, "next")
	server, next := curve.SecretPath(site.keys, "server"), curve.SecretPath(site.keys, "next")
	hosts := []string{"10.0.0.1"}
	type socket struct {
		key  curve.PublicKey
		gate bool
	}
	none, plain := socket{}, socket{gate: true}
	tests := map[string]struct {
		cfg                 security.Config
		plain, secure, next socket
	}{
		"nothing":         {security.Config{}, none, none, none},
		"hosts":           {security.Config{AuthorizedClientAddresses: hosts}, plain, none, none},
		"key alone":       {security.Config{ServerSecretKeyFile: server, AuthorizedClientAddresses: hosts}, plain, none, none},
		"clients alone":   {security.Config{ClientsPublicKeysDirectory: site.clients}, none, none, none},
		"both":            {site.config(), none, socket{public("server"), true}, none},
		"next":            {security.Config{ServerSecretKeyFile: server, NextServerSecretKeyFile: next, ClientsPublicKeysDirectory: site.clients}, none, socket{public("server"), true}, socket{public("next"), true}},
		"no folder, next": {security.Config{ServerSecretKeyFile: server, NextServerSecretKeyFile: next}, none, none, none},
		"next is it already": {security.Config{ServerSecretKeyFile: server, NextServerSecretKeyFile: server, ClientsPublicKeysDirectory: site.clients},
			none, socket{public("server"), true}, none},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, test.cfg)
			check := func(what string, got transport.ServerSecurity, want socket) {
				if got := (socket{got.Key.Public, got.Gate != nil}); got != want {
					t.Errorf("%s: got %+v, want %+v", what, got, want)
				}
				if got.Key.Secret.IsZero() != want.key.IsZero() {
					t.Errorf("%s: one half of the key", what)
				}
			}
			check("plain", s.Server(transport.Plain), test.plain)
			check("no backend", s.Server(""), test.plain)
			check("secure", s.Server(transport.Secure), test.secure)
			got, ok := s.NextServer()
			check("next", got, test.next)
			if ok != test.next.gate {
				t.Errorf("next: %v", ok)
			}
		})
	}
}

func TestNextKeyThatIsTheKeyAlready(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	core, logs := observer.New(zapcore.WarnLevel)
	cfg := site.config()
	cfg.NextServerSecretKeyFile = cfg.ServerSecretKeyFile
	openWith(t, cfg, security.Options{Logger: zap.New(core)})
	if logs.FilterMessage("next server key is the server key already").Len() != 1 {
		t.Errorf("log: %v", logs.All())
	}
}

func TestServerWith(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	must(t, os.Mkdir(site.clients, 0o755))
	admitKey(t, site.keys, "alice", site.clients)
	path := curve.SecretPath(site.keys, "viirs")
	s := open(t, security.Config{ClientsPublicKeysDirectory: site.clients})

	_, err := s.ServerWith(path)
	if fe, ok := errors.AsType[*curve.FileError](err); !ok || fe.Path != path {
		t.Fatalf("no file: %v", err)
	}
	viirs := makeKey(t, site.keys, "viirs")
	server, err := s.ServerWith(path)
	must(t, err)
	if server.Key.Public != viirs || server.Key.Secret.IsZero() {
		t.Error("another key")
	}
	if got := server.Gate.Judge(caller("10.0.0.1", site.alice)); got != admittedAs("alice") {
		t.Errorf("alice: %+v", got)
	}
	must(t, errors.Join(os.Remove(path), os.Remove(curve.PublicPath(site.keys, "viirs"))))
	other := makeKey(t, site.keys, "viirs")
	if changed, err := s.ServerWith(path); err != nil || changed.Key.Public != other || server.Key.Secret.IsZero() {
		t.Errorf("another key in the file: %v", err)
	}
	must(t, os.Remove(path))
	if again, err := s.ServerWith(path); err != nil || again.Key.Public != other {
		t.Errorf("asked for again: %v", err)
	}

	must(t, os.Chmod(curve.SecretPath(site.keys, "bob"), 0o604))
	if _, err := s.ServerWith(curve.SecretPath(site.keys, "bob")); err == nil {
		t.Error("a file that others can read is taken")
	}
	if _, err := open(t, security.Config{}).ServerWith(path); !errors.Is(err, transport.ErrNoKeys) {
		t.Errorf("without a folder of clients: %v", err)
	}
}
