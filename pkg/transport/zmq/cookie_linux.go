package zmq

import "golang.org/x/sys/unix"

// socketCookie is the kernel's number of a socket, which no other socket has had or will have (SO_COOKIE, since Linux 4.6); 0 when it does not tell.
func socketCookie(fd int) uint64 {
	cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	if err != nil {
		return 0
	}
	return cookie
}
