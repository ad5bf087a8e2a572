package multicast

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// onlyOwnGroups turns off that a socket receives what any other socket on the host has joined.
func onlyOwnGroups(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return control(raw, "IP_MULTICAST_ALL", func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	})
}

// change is what happened to the host's network.
type change struct {
	removed []int // interfaces, by index
	lost    bool  // more happened than could be told
}

// changes tells of changes of the host's interfaces, addresses and routes, by a netlink socket: while nothing changes, nothing runs.
type changes struct {
	file   *os.File
	buffer []byte
	once   sync.Once
	closed atomic.Bool
}

func watchNetwork() (*changes, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("netlink socket", err)
	}
	groups := uint32(unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV4_ROUTE)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		return nil, errors.Join(os.NewSyscallError("netlink bind", err), unix.Close(fd))
	}
	return &changes{file: os.NewFile(uintptr(fd), "netlink"), buffer: make([]byte, 64<<10)}, nil
}

// wait waits for a change, at most for retry unless that is 0, then gathers what else happens in the time given. Its error is
// os.ErrClosed after close, or the reason why nothing can be seen any more.
func (c *changes) wait(retry, gather time.Duration) (change, error) {
	var seen change
	var deadline time.Time
	if retry > 0 {
		deadline = time.Now().Add(retry)
	}
	err := c.read(&seen, deadline)
	for deadline = time.Now().Add(gather); err == nil; {
		err = c.read(&seen, deadline)
	}
	switch {
	case c.closed.Load():
		return seen, os.ErrClosed // a deadline for a file that is closed is refused with another error
	case errors.Is(err, os.ErrDeadlineExceeded):
		return seen, nil
	}
	return seen, err
}

// read reads one batch of changes into seen.
func (c *changes) read(seen *change, deadline time.Time) error {
	if err := c.file.SetReadDeadline(deadline); err != nil {
		return err
	}
	n, err := c.file.Read(c.buffer)
	if errors.Is(err, syscall.ENOBUFS) { // changes came faster than they were read
		seen.lost = true
		return nil
	}
	if err != nil {
		return err
	}
	messages, err := syscall.ParseNetlinkMessage(c.buffer[:n])
	if err != nil {
		seen.lost = true
	}
	for _, m := range messages {
		// struct ifinfomsg: family, padding, type, and the index from byte 4 on. Bridges tell of ports with a family of their own.
		if m.Header.Type == unix.RTM_DELLINK && len(m.Data) >= unix.SizeofIfInfomsg && m.Data[0] == unix.AF_UNSPEC {
			seen.removed = append(seen.removed, int(binary.NativeEndian.Uint32(m.Data[4:])))
		}
	}
	return nil
}

func (c *changes) close() error {
	var err error
	c.once.Do(func() {
		c.closed.Store(true)
		err = c.file.Close()
	})
	return err
}

// routeTo returns the index of the interface through which datagrams to addr leave: the one that the kernel joins on when it is
// left the choice.
func routeTo(addr netip.Addr) (int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return 0, os.NewSyscallError("netlink socket", err)
	}
	index, err := askRoute(fd, addr)
	return index, errors.Join(err, unix.Close(fd))
}

func askRoute(fd int, addr netip.Addr) (int, error) {
	// The kernel answers within the system call that asks; the limit is for what can't be foreseen.
	limit := unix.NsecToTimeval(time.Second.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return 0, os.NewSyscallError("SO_RCVTIMEO", err)
	}
	if err := unix.Sendto(fd, routeRequest(addr), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, os.NewSyscallError("RTM_GETROUTE", err)
	}
	buffer := make([]byte, 16<<10)
	n, _, err := unix.Recvfrom(fd, buffer, 0)
	if err != nil {
		return 0, os.NewSyscallError("RTM_GETROUTE", err)
	}
	messages, err := syscall.ParseNetlinkMessage(buffer[:n])
	if err != nil {
		return 0, fmt.Errorf("answer to RTM_GETROUTE: %w", err)
	}
	for _, m := range messages {
		switch {
		case m.Header.Type == unix.NLMSG_ERROR && len(m.Data) >= 4:
			return 0, syscall.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))
		case m.Header.Type == unix.RTM_NEWROUTE:
			return outgoing(m)
		}
	}
	return 0, errors.New("answer to RTM_GETROUTE holds no route")
}

// routeRequest is nlmsghdr, rtmsg and one attribute, RTA_DST.
func routeRequest(addr netip.Addr) []byte {
	request := slices.Concat(make([]byte, unix.SizeofNlMsghdr+unix.SizeofRtMsg+unix.SizeofRtAttr), addr.AsSlice())
	order := binary.NativeEndian
	order.PutUint32(request[0:], uint32(len(request)))
	order.PutUint16(request[4:], unix.RTM_GETROUTE)
	order.PutUint16(request[6:], unix.NLM_F_REQUEST)
	route := request[unix.SizeofNlMsghdr:]
	route[0] = unix.AF_INET
	route[1] = uint8(addr.BitLen())
	attr := route[unix.SizeofRtMsg:]
	order.PutUint16(attr[0:], uint16(unix.SizeofRtAttr+addr.BitLen()/8))
	order.PutUint16(attr[2:], unix.RTA_DST)
	return request
}

// outgoing reads the outgoing interface of a route.
func outgoing(m syscall.NetlinkMessage) (int, error) {
	attrs, err := syscall.ParseNetlinkRouteAttr(&m)
	if err != nil {
		return 0, fmt.Errorf("answer to RTM_GETROUTE: %w", err)
	}
	for _, a := range attrs {
		if a.Attr.Type == unix.RTA_OIF && len(a.Value) >= 4 {
			return int(binary.NativeEndian.Uint32(a.Value)), nil
		}
	}
	// A route that leads nowhere: blackhole and the like.
	return 0, syscall.ENETUNREACH
}
