//go:build unix && !linux

package multicast

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// lookAgain is how often the network is looked at where the system is not asked to tell of changes.
const lookAgain = 30 * time.Second

// onlyOwnGroups has nothing to do: other systems than Linux behave so.
func onlyOwnGroups(*net.UDPConn) error { return nil }

// change is what happened to the host's network.
type change struct {
	removed []int // interfaces, by index
	lost    bool  // more happened than could be told
}

// changes lets the network be looked at from time to time.
type changes struct {
	closed chan struct{}
	once   sync.Once
}

func watchNetwork() (*changes, error) { return &changes{closed: make(chan struct{})}, nil }

// wait waits until it is time to look at the network again. Its error is os.ErrClosed, after close.
func (c *changes) wait(retry, _ time.Duration) (change, error) {
	delay := lookAgain
	if retry > 0 {
		delay = min(delay, retry)
	}
	select {
	case <-time.After(delay):
		return change{}, nil
	case <-c.closed:
		return change{}, os.ErrClosed
	}
}

func (c *changes) close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// routeTo returns the index of the interface through which datagrams to addr leave.
func routeTo(addr netip.Addr) (int, error) {
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 9)))
	if err != nil {
		return 0, cause(err)
	}
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	if err := conn.Close(); err != nil {
		return 0, err
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return 0, err
	}
	ifi, err := holder(interfaces, local.Unmap())
	if err != nil {
		return 0, syscall.ENETUNREACH
	}
	return ifi.Index, nil
}
