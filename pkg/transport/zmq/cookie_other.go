//go:build !linux

package zmq

// socketCookie is for systems whose sockets have no number.
func socketCookie(int) uint64 { return 0 }
