package zmq

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// unknown is the number of bytes where nobody can tell.
const unknown = -1

// tap is a second descriptor of a connection in its handshake. libzmq does not tell how far a handshake came; the kernel does, by the number
// of bytes that the peer had sent, also after libzmq has closed its own descriptor. As long as the tap is open so is the connection.
//
// There is none for ipc, nor where libzmq was faster than we, which happens on loopback only.
type tap struct {
	fd   int
	open bool
}

// begin taps the connection to target that libzmq has given the descriptor fd.
func (t *tap) begin(fd int, target string) {
	t.end()
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return // closed, or no descriptor is left: nobody can tell then
	}
	t.fd, t.open = own, true
	if peerTarget(own) != target { // closed, and the number belongs to another file by now
		t.end()
	}
}

// received is the number of bytes that the peer has sent. The end of the connection counts one.
func (t *tap) received() int {
	if !t.open {
		return unknown
	}
	return receivedBytes(t.fd)
}

// end may be called at any time.
func (t *tap) end() {
	if t.open {
		t.open = false
		// The error would be one of what libzmq has written, which is libzmq's business.
		_ = unix.Close(t.fd)
	}
}

// peerTarget is the endpoint that a TCP socket is connected to, or empty.
func peerTarget(fd int) string {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return ""
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return tcpTarget(netip.AddrFrom4(sa.Addr), sa.Port)
	case *unix.SockaddrInet6:
		return tcpTarget(netip.AddrFrom16(sa.Addr), sa.Port)
	}
	return ""
}
