package zmq

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// What libzmq 4.3.4 tells of a failed handshake where we connect, as run; DISCONNECTED follows each time:
//
//	wrong server key              FAILED_NO_DETAIL, EPIPE or ECONNRESET, two and a half round trips after the connection; tries again
//	answer 300, or none at all    FAILED_NO_DETAIL, EAGAIN when our handshake interval ends; EPIPE when the peer's ends; tries again.
//	                              Where the peer's authenticator is faster than its I/O thread: as a wrong server key
//	answers 400 and 500           FAILED_AUTH with that status; gives up for good, without a word
//	any other answer, and an      as a wrong server key
//	authenticator that is gone
//	the other mechanism           FAILED_PROTOCOL, 0x11000002, and gives up; or, as often on loopback, where the peer finds out first and
//	                              closes before it has said its mechanism: as a wrong server key
//	a peer that says nothing      FAILED_NO_DETAIL, EAGAIN at the end of our handshake interval; tries again
//	a peer that closes            FAILED_NO_DETAIL, EPIPE or ECONNRESET; tries again
//	HTTP and other garbage        no FAILED event, and gives up; or as a peer that closes, when it does so first
//	a socket of another kind      no FAILED event, and gives up
//
// Plain connections that a gate refuses (by address) get the same answers 300, 400 and 500. libzmq tries again after 100 to
// 200 ms, for ever: too often where a handshake costs the peer something.
//
// What libzmq calls EPIPE is told apart by the bytes that the peer had sent before it closed, where the kernel says (see tap). A greeting has 64 bytes (ZMTP 3.1), of which
// libzmq sends 10 to 12 before it knows ours; WELCOME, the answer to our first encrypted word, has 170 with its head.
const (
	signatureBytes = 10
	undecidedBytes = 12
	greetingBytes  = 64
	welcomeBytes   = greetingBytes + 170
)

// verdict is why one handshake failed.
type verdict struct {
	reason transport.Failure
	cause  string
	// sure is set where libzmq or the peer said so. Else the peer just closed the connection: the reason is the likely one.
	sure bool
	// keyed is set where another server key might help.
	keyed bool
}

// weight says how much a verdict tells, of several with different keys: of one that is not the server's no more than that the connection
// was closed.
func (v verdict) weight() int {
	switch {
	case v.sure:
		return 2
	case v.reason == transport.FailedSilent:
		return 1
	}
	return 0
}

// attempt is a handshake under way.
type attempt struct {
	secure   bool
	interval time.Duration // of handshakes, on our side
	took     time.Duration
	received int  // bytes that the peer has sent
	open     bool // the peer has not closed the connection, for certain
}

// judge says what a FAILED event means.
func (a attempt) judge(e event) verdict {
	switch e.kind {
	case zmq4.EVENT_HANDSHAKE_FAILED_AUTH:
		return verdict{reason: transport.FailedRefused, cause: fmt.Sprintf("refused by the peer with status %d: %s is not admitted", e.value, a.who()), sure: true}
	case zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL:
		return verdict{reason: protocolReason(e.value), cause: protocolError(e.value), sure: true, keyed: e.value == cryptographic}
	}
	if syscall.Errno(e.value) == syscall.EAGAIN {
		v := a.silence()
		v.sure = true
		return v
	}
	return a.closed()
}

// closed is the verdict where the peer closed the connection, without a word. The end of the connection counts one byte.
func (a attempt) closed() verdict {
	switch n := a.received; {
	case a.open: // so our interval is over; libzmq tells of that with the error number of whatever it did last
		return a.silence()
	case n == unknown && a.late():
		return a.silence()
	case n == unknown && a.secure:
		return verdict{reason: transport.FailedServerKey, cause: wrongKey, keyed: true}
	case n == unknown:
		return verdict{reason: transport.FailedProtocol, cause: "closed by the peer in the handshake"}
	case n >= signatureBytes && n <= undecidedBytes+1:
		return verdict{reason: transport.FailedMechanism, cause: protocolErrors[mechanismMismatch], sure: true}
	case n < greetingBytes:
		return verdict{reason: transport.FailedProtocol, cause: "closed by the peer before it said that it speaks ZeroMQ", sure: true}
	case a.secure && n < welcomeBytes:
		return verdict{reason: transport.FailedServerKey, cause: wrongKey, sure: true, keyed: true}
	case a.secure, n <= greetingBytes+1:
		return a.silence()
	}
	return verdict{reason: transport.FailedProtocol, cause: "closed by the peer in the handshake", sure: true}
}

const wrongKey = "closed by the peer on our first encrypted word: wrong server key?"

// silence is the verdict where the peer did not say whether it lets us in.
func (a attempt) silence() verdict {
	v := verdict{reason: transport.FailedSilent, sure: true}
	if a.received != unknown && a.received < greetingBytes {
		v.cause = "no answer in time: the peer hangs, or does not speak ZeroMQ"
		return v
	}
	v.cause = fmt.Sprintf("no answer: %s is not admitted, or the peer hangs", a.who())
	v.sure = a.received != unknown
	v.keyed = a.secure && a.received < welcomeBytes
	return v
}

// late tells whether a connection was closed because the patience of the peer was over, not as an answer to something we said. The
// peer's interval is not known. Ours says how long it may be, and an answer takes no second.
func (a attempt) late() bool { return a.took >= min(a.interval/2, time.Second) }

// who is what a peer may not admit.
func (a attempt) who() string {
	if a.secure {
		return "our key or address"
	}
	return "our address"
}

// unspoken is the verdict where libzmq closed the connection itself and said nothing.
var unspoken = verdict{reason: transport.FailedProtocol, cause: "the peer does not speak ZeroMQ, or is a socket of another kind", sure: true}

// Values of ZMQ_PROTOCOL_ERROR_* that mean more than a broken protocol.
const (
	cryptographic     = 0x11000001
	mechanismMismatch = 0x11000002
)

func protocolReason(value int) transport.Failure {
	switch value {
	case cryptographic: // an answer that was made with another key than the server's
		return transport.FailedServerKey
	case mechanismMismatch:
		return transport.FailedMechanism
	}
	return transport.FailedProtocol
}

// protocolErrors are the values of ZMQ_PROTOCOL_ERROR_* that a plain or CURVE client can meet.
var protocolErrors = map[int]string{
	0x10000000:        "the peer does not speak ZMTP as it should",
	0x10000001:        "unexpected command",
	0x10000002:        "commands out of order",
	0x10000003:        "no agreement on keys",
	0x10000011:        "malformed command",
	0x10000012:        "malformed message command",
	0x10000013:        "malformed hello",
	0x10000014:        "malformed initiate",
	0x10000015:        "malformed error command",
	0x10000016:        "malformed ready",
	0x10000017:        "malformed welcome",
	0x10000018:        "bad metadata",
	cryptographic:     "bad signature: wrong server key?",
	mechanismMismatch: "one side is secure and the other plain",
}

func protocolError(value int) string {
	if text, ok := protocolErrors[value]; ok {
		return text
	}
	return fmt.Sprintf("protocol error %#x", value)
}

// trouble is what has become of the handshakes of a connection since the last one that succeeded. A round is one with each key of the
// server that is known.
type trouble struct {
	tried  int     // keys in this round
	worst  verdict // of this round: the first one of those that tell most
	rounds int     // that failed
	unsure int     // rounds in a row of which nothing is sure
	told   verdict // what the program knows
}

// How many rounds must end with nothing but a guess before the program is told: where nothing is known yet, and where something is. Another
// mechanism, and a refusal, look like a wrong key now and then; chance alone does not bring them to the second number.
const (
	unsureRounds      = 5
	unsureRoundsKnown = 20
)

// add takes in how a handshake with one of so many keys has failed. next tells whether it is another key's turn now, news
// whether the program should hear of told.
func (t *trouble) add(v verdict, keys int) (next, news bool) {
	if t.tried == 0 || v.weight() > t.worst.weight() {
		t.worst = v
	}
	if v.keyed {
		if t.tried++; t.tried < keys {
			return true, false
		}
	} else {
		t.worst = v // the server has proven to have this key, or has none
	}
	t.tried = 0
	t.rounds++
	if t.worst.sure {
		t.unsure = 0
	} else if t.unsure++; t.unsure < t.enough() {
		return v.keyed && keys > 1, false
	}
	news = t.told != t.worst
	t.told = t.worst
	return v.keyed && keys > 1, news
}

// enough is the number of rounds after which a guess is told.
func (t *trouble) enough() int {
	if t.told != (verdict{}) {
		return unsureRoundsKnown
	}
	return unsureRounds
}

// Pauses before the next handshake.
const (
	// keyPause is that within a round: time for libzmq to forget the connection before, so that no event of it is taken for one of
	// the next.
	keyPause = 10 * time.Millisecond
	// roundPause is the first one between rounds, and doubles.
	roundPause = 100 * time.Millisecond
)

// pause is how long to wait before the next handshake: never longer than a handshake may take, since whoever did not admit us may do so any
// time. After a silence that has passed already.
func (t *trouble) pause(a attempt) time.Duration {
	if t.tried > 0 {
		return keyPause
	}
	d := a.interval
	if t.worst.reason == transport.FailedSilent && a.took >= roundPause {
		d = min(d, roundPause)
	} else if t.rounds < 20 {
		d = min(d, roundPause<<(t.rounds-1))
	}
	return d*3/4 + rand.N(d/4)
}
