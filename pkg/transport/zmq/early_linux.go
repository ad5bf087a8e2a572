package zmq

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"golang.org/x/sys/unix"
)

// bindEarly binds zs to an address that the host does not have yet. libzmq has no option for that, so the socket listens before it gets it.
func bindEarly(zs *zmq4.Socket, e transport.Endpoint) error {
	addr, err := netip.ParseAddr(e.Host())
	if err != nil {
		return err
	}
	listener, err := listenEarly(netip.AddrPortFrom(addr.Unmap(), uint16(e.Port())))
	if err != nil {
		return err
	}
	return errors.Join(adopt(zs, e, listener), listener.Close())
}

// listenEarly listens at an address, whether the host has it or not.
func listenEarly(at netip.AddrPort) (*os.File, error) {
	family, level, option := unix.AF_INET, unix.SOL_IP, unix.IP_FREEBIND
	var addr unix.Sockaddr
	if at.Addr().Is4() {
		addr = &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	} else {
		family, level, option = unix.AF_INET6, unix.SOL_IPV6, unix.IPV6_FREEBIND
		zone, err := zoneID(at.Addr().Zone())
		if err != nil {
			return nil, err
		}
		addr = &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16(), ZoneId: zone}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		wrap("SO_REUSEADDR", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)),
		wrap("IP_FREEBIND", unix.SetsockoptInt(fd, level, option, 1)),
	)
	if err == nil {
		err = unix.Bind(fd, addr)
	}
	if err == nil {
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), at.String()), nil
}

// zoneID is the number of the interface that a link-local address is of (RFC 4007); of other addresses it is 0.
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if id, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(id), nil
	}
	card, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, err
	}
	return uint32(card.Index), nil
}
