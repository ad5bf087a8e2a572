package transport

// HandshakeError is why a request got no answer: whoever is at the address did not let us in, as far as the connecting side can tell.
// [Transport.Request] returns it wrapped, together with the error of its ctx.
type HandshakeError struct {
	Peer   Address
	Reason Failure
	Cause  string // in words
}

// Error returns the cause; who wraps it names the peer.
func (e *HandshakeError) Error() string { return "handshake: " + e.Cause }
