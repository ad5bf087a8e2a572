package transport

import (
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// Backend says how a socket speaks: plain or encrypted. The values are those on the wire (the key "backend" of an
// announcement) and in the settings.
type Backend string

// The backends.
const (
	Plain  Backend = "unsecure_zmq"
	Secure Backend = "secure_zmq"
)

// ParseBackend returns the backend of that name. Any other text, the empty one included, is an error: what a missing
// backend means is the caller's to say (in an announcement the subscriber's own, see section 2 of the protocol).
func ParseBackend(s string) (Backend, error) {
	switch b := Backend(s); b {
	case Plain, Secure:
		return b, nil
	}
	return "", fmt.Errorf("unknown backend %.80q: want %q or %q", s, string(Plain), string(Secure))
}

// Address is where a peer can be reached and how it speaks. It is comparable; compare what [Address.Normal] returns,
// since an empty backend means Plain.
type Address struct {
	Endpoint Endpoint
	Backend  Backend // empty: Plain
	// ServerKeys are the public keys that a secure peer may have: one, and while it changes its key two. They are tried in turn. Without
	// any, connecting to a secure peer is ErrNoKeys.
	ServerKeys curve.PublicKeys
}

// Normal returns the address with its backend spelled out.
func (a Address) Normal() Address {
	if a.Backend == "" {
		a.Backend = Plain
	}
	return a
}

// String returns the endpoint, with a word behind it where the backend is not the plain one.
func (a Address) String() string {
	switch a.Normal().Backend {
	case Plain:
		return a.Endpoint.String()
	case Secure:
		return a.Endpoint.String() + " (secure)"
	}
	return fmt.Sprintf("%s (backend %q)", a.Endpoint, string(a.Backend))
}
