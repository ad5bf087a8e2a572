package zmq

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

const (
	// maxTopic bounds a topic that a subscriber may ask for, in bytes.
	maxTopic = 4 << 10
	// maxTopicBytes bounds all that one connection asks for. libzmq keeps topics in a tree that takes some forty times
	// their length.
	maxTopicBytes = 1 << 20
)

// peerLimit finds connections that ask a publisher for more topics than it can afford.
//
// A connection is told by its descriptor. That may be closed and used again at any time, also for something that is not
// ours, so it counts only together with the peer's address and port.
type peerLimit struct {
	byFD map[int]peerTopics
}

type peerTopics struct {
	peer  netip.AddrPort
	bytes int
}

// add takes in a subscription of so many bytes, or its end when they are negative, and tells whether the connection now
// has too many.
func (l *peerLimit) add(fd, bytes int) (over bool) {
	peer, ok := peerOf(fd)
	if !ok {
		delete(l.byFD, fd)
		return false
	}
	p := l.byFD[fd]
	if p.peer != peer {
		p = peerTopics{peer: peer}
	}
	p.bytes = max(0, p.bytes+bytes)
	if l.byFD == nil {
		l.byFD = make(map[int]peerTopics)
	}
	l.byFD[fd] = p
	return p.bytes > maxTopicBytes
}

// cut ends the connection, if it is still the one that add has counted.
func (l *peerLimit) cut(fd int) (peer netip.AddrPort, ok bool) {
	counted := l.byFD[fd].peer
	delete(l.byFD, fd)
	if peer, ok = peerOf(fd); !ok || peer != counted {
		return peer, false
	}
	// The error would be that the connection is gone.
	_ = unix.Shutdown(fd, unix.SHUT_RDWR)
	return peer, true
}

// peerOf is the other end of a TCP connection.
func peerOf(fd int) (netip.AddrPort, bool) {
	if fd < 0 {
		return netip.AddrPort{}, false
	}
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return netip.AddrPort{}, false
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), true
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port)), true
	}
	return netip.AddrPort{}, false
}
