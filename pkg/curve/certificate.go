package curve

import (
	"crypto/rand"
	"fmt"
)

// KeyPair is a public key and the secret key that belongs to it.
type KeyPair struct {
	Public PublicKey
	Secret SecretKey
}

// Certificate is what a key file holds: a pair, or a public key alone, and what is told about it.
type Certificate struct {
	KeyPair // Secret is zero in a public certificate
	// Metadata is in the order of the file. Nothing vouches for it.
	Metadata Metadata
}

// Generate makes a new key pair from the system's source of random numbers.
func Generate() (*Certificate, error) {
	raw := new([Size]byte)
	if _, err := rand.Read(raw[:]); err != nil {
		return nil, fmt.Errorf("make a secret key: %w", err)
	}
	secret := hold(raw)
	return &Certificate{KeyPair: KeyPair{Public: secret.Public(), Secret: secret}}, nil
}

// HasSecret says that the secret key is there.
func (c *Certificate) HasSecret() bool { return !c.Secret.IsZero() }

// WithoutSecret returns the public certificate of c. It shares the metadata.
func (c *Certificate) WithoutSecret() *Certificate {
	return &Certificate{KeyPair: KeyPair{Public: c.Public}, Metadata: c.Metadata}
}
