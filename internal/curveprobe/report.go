package curveprobe

import (
	"net/netip"
	"time"
)

// Outcome is what a probe found: short and constant, for programs to branch on.
type Outcome string

// The outcomes, in the order in which a connection comes by them.
const (
	// Admitted: the handshake is complete, the server has our key's and we have its confirmation.
	Admitted Outcome = "ok"
	// AdmitsAnybody: it admitted us, and also somebody with a key that nobody knows. Not found by one probe: for those who run two.
	AdmitsAnybody Outcome = "admits_anybody"
	// NoName: the host name does not resolve.
	NoName Outcome = "name_not_resolved"
	// NobodyListens: the host refuses connections to this port; of ipc, the socket's file is not there or nobody has it open.
	NobodyListens Outcome = "nobody_listens"
	// Unreachable: no way to the host, by the answer of a router or our own system; or not permitted.
	Unreachable Outcome = "unreachable"
	// NoConnection: nothing answers our attempts to connect, neither host nor router.
	NoConnection Outcome = "no_connection"
	// ClosedEarly: the connection was made, and closed before a greeting came.
	ClosedEarly Outcome = "closed_early"
	// NotZeroMQ: what came is no greeting of ZeroMQ.
	NotZeroMQ Outcome = "not_zeromq"
	// OldZeroMQ: a ZeroMQ before ZMTP 3.0 (libzmq before 4.0), which knows no CURVE.
	OldZeroMQ Outcome = "old_zeromq"
	// PlainServer: a ZeroMQ socket without CURVE.
	PlainServer Outcome = "plain_server"
	// Silent: the other side took the connection and said nothing, or not all of a greeting.
	Silent Outcome = "silent"
	// NoWelcome: the server greeted us and did not answer our first encrypted word.
	NoWelcome Outcome = "no_welcome"
	// WrongServerKey: the connection was closed on our first encrypted word. A server does so that can't read it, having another key.
	WrongServerKey Outcome = "wrong_server_key"
	// NotAdmitted: the server said that it does not admit our key or our address.
	NotAdmitted Outcome = "not_admitted"
	// NoVerdict: the server knows our key and address, and said nothing about them: its authenticator answered 300, or hangs.
	NoVerdict Outcome = "no_verdict"
	// ClosedOnKey: the server closed the connection when it knew our key and address, without a word: its authenticator answered 300, or is
	// not there though it must be.
	ClosedOnKey Outcome = "closed_on_key"
	// AuthenticatorFailed: the server said that its authenticator failed.
	AuthenticatorFailed Outcome = "authenticator_failed"
	// ProtocolError: the other side speaks ZMTP, but not as it should.
	ProtocolError Outcome = "protocol_error"
)

// Stage is a part of the way to a server.
type Stage string

// The stages in their order. Each ends with what is named.
const (
	Resolve  Stage = "resolve"  // the addresses of the host's name
	Connect  Stage = "connect"  // a connection
	Greeting Stage = "greeting" // the other side's greeting
	Hello    Stage = "hello"    // WELCOME in answer to our HELLO: the server has the key that we know
	Initiate Stage = "initiate" // READY in answer to our INITIATE: the server admits us
)

// Step says how long a stage took.
type Step struct {
	Stage Stage
	Took  time.Duration
}

// Report is what a probe found.
type Report struct {
	Outcome Outcome
	// Detail is what was seen, in a few words; empty where the outcome says it all. What the other side sent is quoted.
	Detail string
	// Steps are the stages that were begun. All but the last are complete; the last one too where the outcome is Admitted.
	Steps []Step
	// Server is where the connection went, and Client where it came from, as far as there was one; not valid for ipc.
	Server, Client netip.AddrPort
	// Version is the other side's version of ZMTP, as "3.1", and Mechanism its security mechanism: "NULL", "PLAIN", "CURVE", … Empty when
	// no greeting came.
	Version, Mechanism string
	// SocketType is the server's, as "PUB", where it admitted us and told.
	SocketType string
	// Status is the reason that the server gave for refusing us, quoted if it is not a number of ZAP. Mostly 400.
	Status string
}

// Took is how long all of it took.
func (r Report) Took() time.Duration {
	var sum time.Duration
	for _, s := range r.Steps {
		sum += s.Took
	}
	return sum
}

// finding is an outcome as the error that ends a probe.
type finding struct {
	outcome Outcome
	detail  string
}

func (f *finding) Error() string { return string(f.outcome) + ": " + f.detail }
