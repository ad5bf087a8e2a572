package transport

import "fmt"

// LostError is why a request got no answer: connections ended after the handshake, when the question may have been sent already, and none after them brought an
// answer. [Transport.Request] returns it wrapped, together with the error of its ctx, where the implementation can tell.
type LostError struct {
	Times      int   // that a connection ended; at least 1
	MaxMessage int64 // the most that an answer may have, in bytes: we end the connection of a larger one ourselves
}

// Error tells how often, and what may be the cause.
func (e *LostError) Error() string {
	times := "once"
	if e.Times != 1 {
		times = fmt.Sprintf("%d times", e.Times)
	}
	return fmt.Sprintf("the connection was lost %s (an answer of more than %d bytes would do that)", times, e.MaxMessage)
}
