package zmq

import (
	"errors"
	"fmt"
	"os"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"golang.org/x/sys/unix"
)

// adopt makes zs accept who connects to listener, a TCP socket that listens already, at e.
func adopt(zs *zmq4.Socket, e transport.Endpoint, listener *os.File) error {
	fd, err := dupListener(e, listener)
	if err != nil {
		return err
	}
	// From here on the duplicate is libzmq's, which closes it with the socket. It is for one bind: the next one with it set would end the process.
	return errors.Join(
		wrap("ZMQ_USE_FD", zs.SetUseFd(fd)),
		zs.Bind(e.String()),
		wrap("ZMQ_USE_FD", zs.SetUseFd(-1)),
	)
}

// dupListener duplicates the descriptor of listener as libzmq wants it: it ends the process on one that is none of its kind or that blocks.
func dupListener(e transport.Endpoint, listener *os.File) (fd int, err error) {
	conn, err := listener.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("listening socket: %w", err)
	}
	// Not listener.Fd(), which makes the descriptor block: that is common to all duplicates.
	control := conn.Control(func(raw uintptr) {
		if err = checkListening(int(raw), e); err == nil {
			fd, err = unix.FcntlInt(raw, unix.F_DUPFD_CLOEXEC, 0)
		}
	})
	if err = errors.Join(control, err); err != nil {
		return -1, fmt.Errorf("listening socket: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return -1, errors.Join(fmt.Errorf("listening socket: %w", err), unix.Close(fd))
	}
	return fd, nil
}

// checkListening wants a TCP socket that listens at the port of e.
func checkListening(fd int, e transport.Endpoint) error {
	if e.Scheme() != "tcp" {
		return errors.New("is for tcp alone")
	}
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return err
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	port := 0
	switch at := bound.(type) {
	case *unix.SockaddrInet4:
		port = at.Port
	case *unix.SockaddrInet6:
		port = at.Port
	}
	switch {
	case listens == 0 || port == 0:
		return errors.New("listens at no TCP port")
	case port != e.Port():
		return fmt.Errorf("listens at port %d", port)
	}
	return nil
}
