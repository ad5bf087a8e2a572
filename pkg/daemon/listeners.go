package daemon

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

// Listener is a TCP socket that listens already: the service manager has bound it, and keeps it while this process is restarted.
type Listener struct {
	Addr netip.AddrPort // where it listens
	File *os.File
}

// SystemdListeners returns the sockets that the service manager hands over (sd_listen_fds(3)), none where it does not. It reads LISTEN_PID, LISTEN_FDS and
// LISTEN_FDNAMES, and takes them out of the environment: it is called once. The caller closes the files. What can't be used is bad configuration: of
// the unit of the sockets.
func SystemdListeners() ([]Listener, error) {
	var listeners []Listener
	var errs []error
	for _, file := range activation.Files(true) {
		addr, err := listensAt(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s, which the service manager hands over: %w", file.Name(), err))
		}
		listeners = append(listeners, Listener{addr, file})
	}
	if len(errs) > 0 {
		return nil, BadConfig(errors.Join(append(errs, CloseListeners(listeners))...))
	}
	return listeners, nil
}

// CloseListeners closes the files of listeners.
func CloseListeners(listeners []Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.File.Close())
	}
	return errors.Join(errs...)
}

var errNoListener = errors.New("no TCP socket that listens: such come of ListenStream=, without Accept=yes")

// listensAt returns where a socket listens.
func listensAt(file *os.File) (at netip.AddrPort, err error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return at, err
	}
	control := conn.Control(func(fd uintptr) { at, err = listeningAddress(int(fd)) })
	return at, errors.Join(control, err)
}

func listeningAddress(fd int) (netip.AddrPort, error) {
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return netip.AddrPort{}, err
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if listens != 0 {
		switch sa := bound.(type) {
		case *unix.SockaddrInet4:
			return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), nil
		case *unix.SockaddrInet6:
			return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port)), nil
		}
	}
	return netip.AddrPort{}, errNoListener
}
