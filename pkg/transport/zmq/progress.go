package zmq

// progress is how far the kernel has got with a connection.
type progress struct {
	written uint64 // bytes that it has taken over from libzmq since the connection was made
	counted bool   // it knows that number
	// unsent are bytes of these that wait since the peer has no room for them: a segment or more, since less may just wait for the rest of a frame. For ipc those that it
	// has not read.
	unsent int
}

// progressOf looks up the progress of the connection id, if it still has the descriptor.
func progressOf(fd int, id connID) (progress, bool) {
	b, ok := readProgress(fd)
	if !ok {
		return b, false
	}
	// No other socket ever has the same identity: what has it now had it before.
	now, same := identify(fd)
	return b, same && now == id
}
