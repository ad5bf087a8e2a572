package curve

import (
	"crypto/ecdh"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
)

// redacted is all that a secret key shows of itself.
const redacted = "[secret key]"

// SecretKey is the secret half of a key pair. Whatever prints, logs or encodes it, by fmt, encoding/json, log/slog or zap, and also where it is
// a field of something else, shows "[secret key]". The zero value is no key.
//
// Copies share their bytes, so that [SecretKey.Wipe] wipes all of them. Compare by [SecretKey.Equal].
type SecretKey struct {
	// A function, for what prints by reflection does not ask the methods of what lies in unexported fields of others, and follows pointers.
	holder func() *[Size]byte
}

// hold returns a secret key that holds bytes themselves.
func hold(bytes *[Size]byte) SecretKey { return SecretKey{func() *[Size]byte { return bytes }} }

// bytes returns the key, or nil.
func (k SecretKey) bytes() *[Size]byte {
	if k.holder == nil {
		return nil
	}
	return k.holder()
}

// NewSecretKey returns a secret key that holds a copy of raw, which the caller wipes. Zeros are refused.
func NewSecretKey(raw [Size]byte) (SecretKey, error) {
	if raw == [Size]byte{} {
		return SecretKey{}, fmt.Errorf("secret key: %w", errZeroKey)
	}
	return hold(&raw), nil
}

// parseSecretKey reads a secret key from its Z85 text, 40 characters.
func parseSecretKey(text []byte) (SecretKey, error) {
	raw := new([Size]byte)
	if err := decodeKey(raw, text); err != nil {
		return SecretKey{}, fmt.Errorf("secret key: %w", err)
	}
	return hold(raw), nil
}

// Public derives the public key (X25519, RFC 7748). That of no key is no key.
func (k SecretKey) Public() PublicKey {
	if k.IsZero() {
		return PublicKey{}
	}
	private, err := ecdh.X25519().NewPrivateKey(k.bytes()[:])
	if err != nil {
		panic("curve: " + err.Error()) // any 32 bytes are a key
	}
	return PublicKey(private.PublicKey().Bytes())
}

// Reveal returns a copy of the 32 bytes, for the socket that needs them; the caller wipes it (clear). Nil when there is no key.
func (k SecretKey) Reveal() []byte {
	if k.IsZero() {
		return nil
	}
	return append(make([]byte, 0, Size), k.bytes()[:]...)
}

// IsZero says that k is no key, or one that was wiped.
func (k SecretKey) IsZero() bool {
	return k.bytes() == nil || subtle.ConstantTimeCompare(k.bytes()[:], make([]byte, Size)) == 1
}

// Equal compares two keys, in a time that does not depend on them.
func (k SecretKey) Equal(other SecretKey) bool {
	if k.bytes() == nil || other.bytes() == nil {
		return k.IsZero() && other.IsZero()
	}
	return subtle.ConstantTimeCompare(k.bytes()[:], other.bytes()[:]) == 1
}

// Wipe overwrites the key with zeros, in all copies of k; it is no key then. Nobody may use it meanwhile.
func (k SecretKey) Wipe() {
	if k.bytes() != nil {
		clear(k.bytes()[:])
	}
}

// String shows nothing of the key.
func (k SecretKey) String() string { return redacted }

// GoString shows nothing of the key.
func (k SecretKey) GoString() string { return redacted }

// Format shows nothing of the key, whatever the verb.
func (k SecretKey) Format(state fmt.State, _ rune) {
	// fmt keeps an error of its writer itself.
	_, _ = io.WriteString(state, redacted)
}

// MarshalText shows nothing of the key. It is what log/slog, encoding/json for keys of maps, and encoding/xml ask.
func (k SecretKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON shows nothing of the key.
func (k SecretKey) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }
