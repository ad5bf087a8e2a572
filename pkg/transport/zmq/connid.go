package zmq

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// connID tells connections apart whose descriptors are the same number: a descriptor may be closed and used again at any time, also for
// something that is not ours.
type connID struct {
	peer   netip.AddrPort // of the other end; invalid where it is none of TCP
	cookie uint64         // the kernel's number of the socket; 0 where the system has none
}

// identify looks up the connection that has a descriptor now.
func identify(fd int) (connID, bool) {
	if fd < 0 {
		return connID{}, false
	}
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return connID{}, false
	}
	id := connID{cookie: socketCookie(fd)}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		id.peer = netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		id.peer = netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return id, id != connID{}
}

// cut ends the connection, if it still has the descriptor, and tells whether it had. libzmq then sees it closed by its peer.
func (id connID) cut(fd int) bool {
	// What is looked at and cut is a duplicate, which nobody can close and use again in between. Without room for one the descriptor itself
	// must do: to cut is what matters.
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		// The error of closing would be one of writing what is buffered, and that is to be lost.
		defer func() { _ = unix.Close(own) }()
		fd = own
	}
	if now, ok := identify(fd); !ok || now != id {
		return false
	}
	// The error would be that the connection is gone.
	_ = unix.Shutdown(fd, unix.SHUT_RDWR)
	return true
}
