package curve

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	// Size is the length of a key in bytes.
	Size = 32
	// Z85Size is the length of a key as Z85 text, in characters.
	Z85Size = 40
)

// errZeroKey is for keys that nobody has made: CZMQ writes zeros for a secret key that it does not know.
var errZeroKey = errors.New("all zero, which is no key")

// PublicKey is the public half of a key pair. It can be compared, and used as the key of a map. The zero value is no key.
type PublicKey [Size]byte

// ParsePublicKey reads a public key from its Z85 text, 40 characters. The zero key is refused.
func ParsePublicKey(text string) (PublicKey, error) {
	var key PublicKey
	if err := decodeKey((*[Size]byte)(&key), []byte(text)); err != nil {
		return PublicKey{}, fmt.Errorf("public key: %w", err)
	}
	return key, nil
}

// decodeKey reads 40 characters into key. What it returns tells nothing of the text but its length.
func decodeKey(key *[Size]byte, text []byte) error {
	if len(text) != Z85Size {
		return fmt.Errorf("%d characters, want %d", len(text), Z85Size)
	}
	if _, err := AppendDecodeZ85(key[:0], text); err != nil {
		return err
	}
	if *key == [Size]byte{} {
		return errZeroKey
	}
	return nil
}

// String returns the Z85 text, 40 characters.
func (k PublicKey) String() string {
	text, err := AppendEncodeZ85(nil, k[:])
	if err != nil {
		panic("curve: " + err.Error()) // 32 is a multiple of four
	}
	return string(text)
}

// Fingerprint returns what people compare keys by: the SHA-256 of the 32 bytes in the form that OpenSSH prints, "SHA256:" and 43
// characters of Base64.
func (k PublicKey) Fingerprint() string {
	sum := sha256.Sum256(k[:])
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// IsZero says that k is no key.
func (k PublicKey) IsZero() bool { return k == PublicKey{} }

// MarshalText returns the Z85 text.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the Z85 text, as [ParsePublicKey].
func (k *PublicKey) UnmarshalText(text []byte) error {
	key, err := ParsePublicKey(string(text))
	if err != nil {
		return err
	}
	*k = key
	return nil
}
