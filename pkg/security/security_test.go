package security_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Each file that is bad is an error of its own that names the setting and the file, and says what to do.
func TestOpenErrors(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	makeKey(t, keys, "server")
	secret, public := curve.SecretPath(keys, "server"), curve.PublicPath(keys, "server")
	shared := filepath.Join(keys, "shared.key_secret")
	text, err := os.ReadFile(secret)
	must(t, err)
	write(t, shared, string(text))
	must(t, os.Chmod(shared, 0o640))
	bad, none := filepath.Join(keys, "bad.key"), filepath.Join(keys, "none.key")
	write(t, bad, "nonsense")

	type finding struct{ key, path, hint string }
	made := func(key string) string { return "ptkeys makes key files; set " + key + " to where this one is" }
	tests := map[string]struct {
		cfg  security.Config
		want []finding
	}{
		"no file": {security.Config{ServerSecretKeyFile: none},
			[]finding{{"server_secret_key_file", none, made("server_secret_key_file")}}},
		"others can read it": {security.Config{ServerSecretKeyFile: shared},
			[]finding{{"server_secret_key_file", shared, "chmod 600 " + shared}}},
		"next, others can read it": {security.Config{ServerSecretKeyFile: secret, NextServerSecretKeyFile: shared},
			[]finding{{"next_server_secret_key_file", shared, "chmod 600 " + shared}}},
		"next without one before": {security.Config{NextServerSecretKeyFile: secret},
			[]finding{{"next_server_secret_key_file", "", ""}}},
		"a public key as the client's": {security.Config{ClientSecretKeyFile: public},
			[]finding{{"client_secret_key_file", public, "give the file that ends in .key_secret"}}},
		"a server's key is nonsense": {security.Config{ServerPublicKeyFile: bad},
			[]finding{{"server_public_key_file", bad, ""}}},
		"of one server": {security.Config{ServerPublicKeys: []string{"viirs=" + public, "avhrr=" + bad, "nonsense"}},
			[]finding{{"server_public_keys", bad, ""}, {"server_public_keys", "", ""}}},
		"an interval that is too short": {security.Config{HandshakeInterval: 99 * time.Millisecond},
			[]finding{{"handshake_interval", "", ""}}},
		"an interval that is too long": {security.Config{HandshakeInterval: time.Hour + 1},
			[]finding{{"handshake_interval", "", ""}}},
		"all at once": {security.Config{ServerSecretKeyFile: none, ClientSecretKeyFile: shared, ServerPublicKeyFile: bad, AuthorizedClientAddresses: []string{"a b", "c d"}},
			[]finding{{"server_secret_key_file", none, made("server_secret_key_file")}, {"client_secret_key_file", shared, "chmod 600 " + shared},
				{"server_public_key_file", bad, ""}, {"authorized_client_addresses", "", ""}, {"authorized_client_addresses", "", ""}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := security.Open(test.cfg, security.Options{})
			if err == nil {
				must(t, s.Close())
				t.Fatal("no error")
			}
			var got []finding
			for _, e := range flatten(err) {
				se, ok := errors.AsType[*security.SettingError](e)
				if !ok || se.ConfigKey() != se.Key || !strings.HasPrefix(e.Error(), se.Key+": ") {
					t.Fatalf("%v is no SettingError with its key in front", e)
				}
				f := finding{key: se.Key, hint: se.HintText()}
				if fe, ok := errors.AsType[*curve.FileError](e); ok {
					f.path = fe.Path
				}
				got = append(got, f)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(finding{})); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if secretText := secretOf(t, string(text)); strings.Contains(err.Error(), secretText) {
				t.Error("the error shows the secret key")
			}
		})
	}
}

// flatten returns what errors.Join has joined, at all depths.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

// secretOf cuts the secret key out of the text of a key file.
func secretOf(t *testing.T, text string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, `secret-key = "`)
	if !ok {
		t.Fatal("no secret key")
	}
	return rest[:curve.Z85Size]
}

func TestSettingErrorHints(t *testing.T) {
	t.Parallel()
	file := func(err error) error { return &curve.FileError{Path: "/k", Err: err} }
	for want, err := range map[string]error{
		"chmod 600 /k": file(&curve.PermissionError{Path: "/k", Mode: 0o644}),
		"the user who runs this program must be allowed to read it": file(&fs.PathError{Op: "open", Path: "/k", Err: fs.ErrPermission}),
		"": errors.New("anything"),
	} {
		wrapped := fmt.Errorf("start: %w", errors.Join(&security.SettingError{Key: "server_secret_key_file", Err: err}))
		hinter, ok := errors.AsType[interface {
			error
			HintText() string
		}](wrapped)
		if !ok || hinter.HintText() != want {
			t.Errorf("%v: no hint %q", err, want)
		}
	}
}

func TestSharedKeyFilesAreTakenWhenAllowed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := curve.SecretPath(s.keys, "server")
	must(t, os.Chmod(path, 0o644))
	cfg := s.config()
	cfg.ClientSecretKeyFile, cfg.AllowSharedKeyFiles = path, true
	sec := open(t, cfg)
	if _, err := sec.ServerWith(path); err != nil {
		t.Error(err)
	}
	if sec.Server(transport.Secure).Key.Secret.IsZero() {
		t.Error("no key")
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	cfg := security.Config{AuthorizedClientAddresses: []string{"10.0.0.1"}}
	s := open(t, cfg)
	got := s.Config()
	want := security.Config{AuthorizedClientAddresses: []string{"10.0.0.1"}, HandshakeInterval: 5 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got.AuthorizedClientAddresses[0] = "10.0.0.2"
	if s.Config().AuthorizedClientAddresses[0] != "10.0.0.1" {
		t.Error("a caller has changed it")
	}
}

func TestConfigParts(t *testing.T) {
	t.Parallel()
	cfg := security.Config{
		ServerSecretKeyFile: "s", NextServerSecretKeyFile: "n", ClientsPublicKeysDirectory: "d", AuthorizedClientAddresses: []string{"a"},
		ClientSecretKeyFile: "c", ServerPublicKeyFile: "p", ServerPublicKeys: []string{"w=f"}, AllowSharedKeyFiles: true, HandshakeInterval: time.Second,
	}
	connecting := security.Config{
		AuthorizedClientAddresses: []string{"a"},
		ClientSecretKeyFile:       "c", ServerPublicKeyFile: "p", ServerPublicKeys: []string{"w=f"}, AllowSharedKeyFiles: true, HandshakeInterval: time.Second,
	}
	binding := security.Config{
		ServerSecretKeyFile: "s", NextServerSecretKeyFile: "n", ClientsPublicKeysDirectory: "d", AuthorizedClientAddresses: []string{"a"},
		AllowSharedKeyFiles: true, HandshakeInterval: time.Second,
	}
	if diff := cmp.Diff(connecting, cfg.Connecting()); diff != "" {
		t.Errorf("connecting (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(binding, cfg.Binding()); diff != "" {
		t.Errorf("binding (-want +got):\n%s", diff)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	alice, bob := makeKey(t, keys, "alice"), makeKey(t, keys, "bob")
	own, err := curve.ReadPair(curve.SecretPath(keys, "bob"), curve.ReadOptions{})
	must(t, err)
	s := open(t, security.Config{ClientSecretKeyFile: curve.SecretPath(keys, "alice"), HandshakeInterval: time.Second})
	got := s.Options(transport.SocketOptions{Queue: 7})
	if got.Queue != 7 || got.HandshakeInterval != time.Second || got.ClientKey.Public != alice || got.ClientKey.Secret.IsZero() {
		t.Errorf("filled in: %+v", got)
	}
	got = s.Options(transport.SocketOptions{HandshakeInterval: time.Minute, ClientKey: own})
	if got.HandshakeInterval != time.Minute || got.ClientKey.Public != bob {
		t.Errorf("left as it was: %+v", got)
	}
}

// Nil is a program without keys.
func TestNil(t *testing.T) {
	t.Parallel()
	var s *security.Security
	if _, err := s.ServerWith("file"); !errors.Is(err, transport.ErrNoKeys) {
		t.Errorf("ServerWith: %v", err)
	}
	if next, ok := s.NextServer(); ok || next.Gate != nil {
		t.Error("NextServer")
	}
	for _, b := range []transport.Backend{transport.Plain, transport.Secure} {
		if server := s.Server(b); server.Gate != nil || !server.Key.Secret.IsZero() {
			t.Errorf("Server(%s): %+v", b, server)
		}
	}
	address := transport.Address{Backend: transport.Secure}
	if got := s.Address(address); got != address {
		t.Errorf("Address: %+v", got)
	}
	if diff := cmp.Diff(security.Config{}, s.Config()); diff != "" {
		t.Error("Config", diff)
	}
	if got := s.Options(transport.SocketOptions{Queue: 7}); got.Queue != 7 || got.HandshakeInterval != 0 {
		t.Errorf("Options: %+v", got)
	}
	must(t, s.Close())
}

// After Close nobody is admitted, who watches is told so, and no secret key is left.
func TestClose(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	must(t, os.Mkdir(site.clients, 0o755))
	admitKey(t, site.keys, "alice", site.clients)
	makeKey(t, site.keys, "next")
	makeKey(t, site.keys, "own")
	cfg := site.config()
	cfg.NextServerSecretKeyFile = curve.SecretPath(site.keys, "next")
	cfg.ClientSecretKeyFile = curve.SecretPath(site.keys, "bob")
	cfg.AuthorizedClientAddresses = []string{"10.0.0.1"}
	s, err := security.Open(cfg, security.Options{})
	must(t, err)
	server, plain := s.Server(transport.Secure), s.Server(transport.Plain)
	next, _ := s.NextServer()
	own, err := s.ServerWith(curve.SecretPath(site.keys, "own"))
	must(t, err)
	client := s.Options(transport.SocketOptions{}).ClientKey
	if got := server.Gate.Judge(caller("10.0.0.1", site.alice)); got != admittedAs("alice") {
		t.Fatalf("before: %+v", got)
	}
	told := 0
	t.Cleanup(server.Gate.Watch(func() { told++ }))

	must(t, s.Close(), s.Close())
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	for name, key := range map[string]curve.KeyPair{"server": server.Key, "next": next.Key, "own": own.Key, "client": client} {
		if !key.Secret.IsZero() {
			t.Errorf("the secret key of %s is still there", name)
		}
	}
	for _, gate := range []transport.Gate{server.Gate, plain.Gate, s.Server(transport.Plain).Gate} {
		if got := gate.Judge(caller("10.0.0.1", site.alice)); got != refusedGate {
			t.Errorf("after: %+v", got)
		}
	}
	if _, err := s.ServerWith(curve.SecretPath(site.keys, "own")); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("ServerWith: %v", err)
	}
	if after := s.Server(transport.Secure); after.Gate != nil || !after.Key.Secret.IsZero() {
		t.Errorf("Server: %+v", after)
	}
}
