package transport

import (
	"net/netip"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// ServerSecurity says who a bound socket is and whom it lets in. The zero value is that of a plain socket that lets everybody in.
// Sockets of inproc endpoints are never secured, whatever stands here.
type ServerSecurity struct {
	// Key is the server's key pair. Required where the backend is Secure, which is ErrNoKeys without it; not used where it is Plain. The
	// caller keeps it whole as long as the socket is open.
	Key curve.KeyPair
	// Gate decides who may connect. Required where the backend is Secure: without one nobody could be admitted, and binding is
	// ErrNoKeys. Nil where it is Plain: everybody may.
	Gate Gate
}

// Gate decides who may connect to bound sockets; those of a security.Security do. Its methods may be called concurrently and must not block:
// all who connect to the transport's sockets wait for them.
type Gate interface {
	// Judge says whether a client may connect, or stay connected.
	Judge(Caller) Verdict
	// Watch calls changed, which must not block, each time that a verdict may have become another one. It does so until stop was
	// called; changed does not run any more when stop has returned.
	Watch(changed func()) (stop func())
}

// Caller is a client as a [Gate] sees it.
type Caller struct {
	// Addr is where the client connects from: without zone, and IPv4 where it is IPv4 in IPv6. Invalid for ipc.
	Addr netip.Addr
	// Key is the public key whose secret half the client has proven to have. Zero on plain sockets.
	Key curve.PublicKey
}

// Verdict is what a [Gate] says of a client.
type Verdict struct {
	Admitted bool
	// Identity is the name of the client's key; empty on plain sockets and for keys that are not admitted.
	Identity string
	// Reason says why a client is not admitted.
	Reason Refusal
	// Keep lets a connection that is open already stay, though a new one would not be admitted: the gate can't tell at the
	// moment.
	Keep bool
}

// Refusal is why a bound socket refused a client: short and constant, it labels counters.
type Refusal string

// The refusals, as far as they can be told. In a handshake of two mechanisms both sides see that, and the first one closes the connection: where that was
// the client it is a protocol error like any other that ends there, and so is a client that was gone before it could be looked at.
const (
	RefusedKey       Refusal = "key_not_admitted"
	RefusedAddress   Refusal = "address_not_admitted"
	RefusedServerKey Refusal = "wrong_server_key"  // the client knows another key as ours
	RefusedMechanism Refusal = "other_mechanism"   // a plain client on a secure socket, or the other way round
	RefusedProtocol  Refusal = "protocol_error"    // no ZeroMQ, or not as it should be
	RefusedTimeout   Refusal = "handshake_timeout" // the handshake was not over in time
	RefusedGate      Refusal = "gate_unreadable"   // the gate can't tell, and so admits nobody
)

// Refusals are all of them.
func Refusals() []Refusal {
	return []Refusal{RefusedKey, RefusedAddress, RefusedServerKey, RefusedMechanism, RefusedProtocol, RefusedTimeout, RefusedGate}
}

// AccessStats count who came to a bound socket.
type AccessStats struct {
	// Admitted counts handshakes that led to a connection, where a gate or a key is set; of these ByClient, by the identity of the client.
	Admitted uint64
	ByClient map[string]uint64
	// Refused counts those that did not.
	Refused map[Refusal]uint64
	// Revoked counts connections that were cut since their clients are admitted no more.
	Revoked uint64
}
