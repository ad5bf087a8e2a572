package zmq

import (
	"net/netip"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// unknown is the number of bytes where nobody can tell.
const unknown = -1

// tap is a second descriptor of a connection in its handshake, or of one that an answer is to come on. libzmq does not tell how far these came; the kernel does, by
// the number of bytes that the peer had sent, also after libzmq has closed its own descriptor. As long as the tap is open so is the connection.
//
// There is none for ipc, nor where libzmq was faster than we, which happens on loopback only, nor beyond maxTaps.
type tap struct {
	fd   int
	taps *atomic.Int64 // nil: not open
}

// maxTaps bounds the taps of a transport that are open at once, those of handshakes and those that wait for answers by themselves: a subscriber to thousands of
// publishers needs its descriptors for connections.
const maxTaps = 64

// begin taps the connection to target that libzmq has given the descriptor fd. taps counts those of the transport.
func (t *tap) begin(fd int, target string, taps *atomic.Int64) {
	t.end()
	if taps.Add(1) > maxTaps {
		taps.Add(-1)
		return
	}
	if !t.open(fd, taps) {
		return
	}
	if peerTarget(t.fd) != target { // closed, and the number belongs to another file by now
		t.end()
	}
}

// beginAccepted taps the connection id, which libzmq has accepted with the descriptor fd.
func (t *tap) beginAccepted(fd int, id connID, taps *atomic.Int64) {
	t.end()
	if taps.Add(1) > maxTaps {
		taps.Add(-1)
		return
	}
	if !t.open(fd, taps) {
		return
	}
	if now, ok := identify(t.fd); !ok || now != id {
		t.end()
	}
}

// open makes the second descriptor, for which there is room.
func (t *tap) open(fd int, taps *atomic.Int64) bool {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil { // closed, or no descriptor is left: nobody can tell then
		taps.Add(-1)
		return false
	}
	t.fd, t.taps = own, taps
	return true
}

// count has taps count t from now on, in place of what did; it ends where there are too many of those.
func (t *tap) count(taps *atomic.Int64) {
	if t.taps == nil || t.taps == taps {
		return
	}
	if taps.Add(1) > maxTaps {
		taps.Add(-1)
		t.end()
		return
	}
	t.taps.Add(-1)
	t.taps = taps
}

// received is the number of bytes that the peer has sent. The end of the connection counts one.
func (t *tap) received() int {
	if t.taps == nil {
		return unknown
	}
	return receivedBytes(t.fd)
}

// isOpen tells whether the peer has left the connection open, for certain.
func (t *tap) isOpen() bool { return t.taps != nil && leftOpen(t.fd) }

// end may be called at any time.
func (t *tap) end() {
	if t.taps != nil {
		t.taps.Add(-1)
		t.taps = nil
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
