//go:build unix

package multicast

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// shareAddress lets several receivers on one host bind the port, Python's too.
func shareAddress(_, _ string, raw syscall.RawConn) error {
	return control(raw, "SO_REUSEADDR", func(fd int) error {
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	})
}

// setMulticastInterface makes datagrams leave through the interface that has addr now.
func setMulticastInterface(conn *net.UDPConn, addr netip.Addr) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return control(raw, "IP_MULTICAST_IF", func(fd int) error {
		return unix.SetsockoptInet4Addr(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, addr.As4())
	})
}

// setReadBuffer asks for a receive buffer and returns what was granted, both in bytes.
func setReadBuffer(conn *net.UDPConn, size int) (int, error) {
	if err := conn.SetReadBuffer(size); err != nil {
		return 0, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var granted int
	err = control(raw, "SO_RCVBUF", func(fd int) error {
		forceReadBuffer(fd, size)
		var err error
		granted, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
		return err
	})
	if runtime.GOOS == "linux" {
		granted /= 2 // Linux doubles what it is asked for, to pay for its own bookkeeping (socket(7)).
	}
	return granted, err
}

// control runs a system call on a socket.
func control(raw syscall.RawConn, name string, call func(fd int) error) error {
	var err error
	if rawErr := raw.Control(func(fd uintptr) { err = os.NewSyscallError(name, call(int(fd))) }); rawErr != nil {
		return rawErr
	}
	return err
}
