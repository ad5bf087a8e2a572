package nameserver_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/security"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// keyring is a folder with the keys of a site: "server" and "next" are the nameserver's, "alice" and "bob" are admitted, "mallory" is not.
type keyring struct {
	t     *testing.T
	dir   string
	pairs map[string]curve.KeyPair
}

func newKeyring(t *testing.T) *keyring {
	t.Helper()
	k := &keyring{t: t, dir: t.TempDir(), pairs: map[string]curve.KeyPair{}}
	for _, name := range []string{"server", "next", "alice", "bob", "mallory"} {
		cert, err := curve.Generate()
		if err != nil {
			t.Fatal(err)
		}
		if err := cert.WritePair(k.dir, name, curve.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		k.pairs[name] = cert.KeyPair
	}
	if err := os.Mkdir(k.clients(), 0o755); err != nil {
		t.Fatal(err)
	}
	k.admit("alice", "bob")
	return k
}

func (k *keyring) clients() string { return filepath.Join(k.dir, "clients") }

func (k *keyring) admit(names ...string) {
	k.t.Helper()
	for _, name := range names {
		if err := os.Link(curve.PublicPath(k.dir, name), curve.PublicPath(k.clients(), name)); err != nil {
			k.t.Fatal(err)
		}
	}
}

// open opens the keys of a nameserver, as settings would.
func (k *keyring) open(change func(*security.Config)) *security.Security {
	k.t.Helper()
	cfg := security.Config{ServerSecretKeyFile: curve.SecretPath(k.dir, "server"), ClientsPublicKeysDirectory: k.clients()}
	if change != nil {
		change(&cfg)
	}
	sec, err := security.Open(cfg, security.Options{})
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		if err := sec.Close(); err != nil {
			k.t.Error(err)
		}
	})
	return sec
}

func (k *keyring) withNext(c *security.Config) {
	c.NextServerSecretKeyFile = curve.SecretPath(k.dir, "next")
}

// address is that of a server with the key of that name; empty: a plain one.
func (k *keyring) address(uri, server string) transport.Address {
	k.t.Helper()
	to := address(k.t, uri)
	if server != "" {
		to.Backend, to.ServerKeys = transport.Secure, curve.NewPublicKeys(k.pairs[server].Public)
	}
	return to
}

// options are those of a client with the key of that name; empty: without one.
func (k *keyring) options(client string) transport.SocketOptions {
	return transport.SocketOptions{ClientKey: k.pairs[client]}
}

// listed returns what a lookup of all finds, and whether there was an answer.
func (k *keyring) listed(s *site, from netip.Addr, uri, server, client string) ([]string, bool) {
	s.t.Helper()
	answer, err := s.ask(from, k.address(uri, server), lookup(s.t, ""), k.options(client))
	if err != nil {
		return nil, false
	}
	return uris(s.t, answer), true
}
