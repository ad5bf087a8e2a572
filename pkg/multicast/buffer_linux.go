package multicast

import "golang.org/x/sys/unix"

// forceReadBuffer sets a receive buffer above net.core.rmem_max, for those who have CAP_NET_ADMIN. All others keep what they were granted, which is told where it
// is less (see [Receiver.Buffer]), so the error is of no use to anybody.
func forceReadBuffer(fd, size int) {
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size)
}
