package inmem

import "github.com/pytroll/posttroll-go/pkg/transport"

// refusal is what the one who dials learns when it can't come in: no more than the real transport could tell it. There are only those
// below, and they are compared by address.
type refusal struct {
	reason transport.Failure
	cause  string
}

var (
	otherMechanism = &refusal{transport.FailedMechanism, "one side is secure and the other plain"}
	wrongServerKey = &refusal{transport.FailedServerKey, "closed by the peer on our first encrypted word: wrong server key?"}
	// The authenticator's status 300 is silence on the wire.
	notAdmitted = &refusal{transport.FailedSilent, "no answer in time: our key or address is not admitted, or the peer hangs"}
	// A subscriber and a replier, say.
	otherKind = &refusal{transport.FailedProtocol, "peer is a socket of another kind"}
)
