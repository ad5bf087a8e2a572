package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// keyring are the keys of a world. The pair "server" is that of all servers, "good" that of all clients; "bad" is admitted too, and belongs to the attacker.
type keyring struct {
	dir               string
	server, good, bad curve.KeyPair
	stranger          curve.KeyPair // admitted nowhere
}

// makeKeys makes the pairs, and a folder with the clients that are admitted.
func makeKeys(dir string) (*keyring, error) {
	k := &keyring{dir: dir}
	if err := os.MkdirAll(k.clients(), 0o755); err != nil {
		return nil, err
	}
	for name, pair := range map[string]*curve.KeyPair{"server": &k.server, "good": &k.good, "bad": &k.bad, "stranger": &k.stranger} {
		cert, err := curve.Generate()
		if err != nil {
			return nil, err
		}
		*pair = cert.KeyPair
		if err := cert.WritePair(dir, name, curve.WriteOptions{}); err != nil {
			return nil, err
		}
	}
	return k, errors.Join(k.admit("good"), k.admit("bad"))
}

func (k *keyring) clients() string { return filepath.Join(k.dir, "clients") }

// admit copies a public key into the folder of clients.
func (k *keyring) admit(name string) error {
	b, err := os.ReadFile(curve.PublicPath(k.dir, name))
	if err != nil {
		return err
	}
	return os.WriteFile(curve.PublicPath(k.clients(), name), b, 0o644)
}

// revoke takes it out again.
func (k *keyring) revoke(name string) error { return curve.Revoke(k.clients(), name) }
