package multicast

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/ipv4"
)

// Times of a membership.
const (
	// settle is how long changes of the host's network are gathered before they are acted upon: they come in bursts.
	settle = 200 * time.Millisecond
	// firstRetry and lastRetry bound the delay until a join that failed is tried again without any change having been seen.
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// membership keeps a socket in its group, on the right interfaces, while the host's network changes. What the kernel
// does by itself is to keep a membership while an interface is down. What it doesn't: it forgets the membership when the interface
// is removed, and never moves it when the route or the address does.
type membership struct {
	conn    *ipv4.PacketConn
	group   netip.Addr
	iface   netip.Addr // invalid: follow the route
	logger  *zap.Logger
	changes *changes
	ended   sync.WaitGroup

	// Used by one goroutine at a time: the one that joins, then run's.
	failure string // what was logged last; empty: all is well
	retry   time.Duration

	mu     sync.Mutex            // guards what is below
	joined map[int]net.Interface // by index: names can change
	lost   error                 // why other hosts cannot be heard
}

// join makes a membership; that there is no network yet is no error.
func join(conn *ipv4.PacketConn, to target, logger *zap.Logger) (*membership, error) {
	m := &membership{
		conn: conn, group: to.to.Addr(), iface: to.iface,
		logger: logger.With(zap.Stringer("group", to.to)), joined: make(map[int]net.Interface),
	}
	var err error
	if m.changes, err = watchNetwork(); err != nil {
		return nil, fmt.Errorf("watch the network: %w", err)
	}
	m.update()
	m.ended.Go(m.run)
	return m, nil
}

// run follows the host's network until the membership is closed.
func (m *membership) run() {
	for {
		seen, err := m.changes.wait(jitter(m.retry), settle)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil {
			m.logger.Error("the network is not watched any more: a restart is needed after it changes", zap.Error(err))
			return
		}
		m.forget(seen)
		m.update()
	}
}

// close stops following. The socket leaves its groups when it is closed.
func (m *membership) close() error {
	err := m.changes.close()
	m.ended.Wait()
	return err
}

// names returns the interfaces on which the group is joined, sorted.
func (m *membership) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, ifi := range m.joined {
		names = append(names, ifi.Name)
	}
	slices.Sort(names)
	return names
}

// update joins where the group is to be joined now and leaves where it is not any more. While it isn't known where the network
// is, nothing is left: it may come back there.
func (m *membership) update() {
	existing, err := net.Interfaces()
	if err != nil {
		m.report(fmt.Errorf("list interfaces: %w", err))
		return
	}
	wanted, err := m.wanted(existing)
	exists := func(index int) bool {
		return slices.ContainsFunc(existing, func(ifi net.Interface) bool { return ifi.Index == index })
	}
	for _, ifi := range m.members() {
		if !exists(ifi.Index) {
			m.leave(ifi)
		}
	}
	for _, ifi := range existing {
		if slices.Contains(wanted, ifi.Index) {
			err = errors.Join(err, m.joinOn(ifi))
		}
	}
	for _, ifi := range m.members() {
		if err == nil && !slices.Contains(wanted, ifi.Index) {
			m.leave(ifi)
		}
	}
	m.report(err)
}

// wanted returns the indexes of the interfaces to join on, and what is missing.
func (m *membership) wanted(existing []net.Interface) ([]int, error) {
	if m.iface.IsValid() {
		ifi, err := holder(existing, m.iface)
		if err != nil {
			return nil, err
		}
		return []int{ifi.Index}, checkUp(ifi)
	}
	var wanted []int
	for _, ifi := range existing {
		if ifi.Flags&net.FlagLoopback != 0 {
			wanted = append(wanted, ifi.Index)
		}
	}
	index, err := routeTo(m.group)
	if err != nil {
		return wanted, classify(fmt.Errorf("route to %s: %w", m.group, err))
	}
	for _, ifi := range existing {
		if ifi.Index == index {
			return append(wanted, index), checkUp(ifi)
		}
	}
	return wanted, classify(fmt.Errorf("route to %s: interface %d: %w", m.group, index, syscall.ENODEV))
}

// holder returns the interface that has an address.
func holder(existing []net.Interface, addr netip.Addr) (net.Interface, error) {
	for _, ifi := range existing {
		addrs, err := ifi.Addrs()
		if err != nil {
			return ifi, fmt.Errorf("addresses of %s: %w", ifi.Name, err)
		}
		for _, a := range addrs {
			if ipNet, ok := a.(*net.IPNet); ok && ipNet.IP.Equal(addr.AsSlice()) {
				return ifi, nil
			}
		}
	}
	return net.Interface{}, classify(fmt.Errorf("interface %s: %w", addr, syscall.EADDRNOTAVAIL))
}

// checkUp tells of an interface that is down or has no carrier.
func checkUp(ifi net.Interface) error {
	if ifi.Flags&net.FlagUp == 0 || ifi.Flags&net.FlagRunning == 0 {
		return classify(fmt.Errorf("interface %s: %w", ifi.Name, syscall.ENETDOWN))
	}
	return nil
}

// joinOn joins on ifi unless it is joined there.
func (m *membership) joinOn(ifi net.Interface) error {
	m.mu.Lock()
	_, ok := m.joined[ifi.Index]
	m.joined[ifi.Index] = ifi
	m.mu.Unlock()
	if ok {
		return nil
	}
	err := m.conn.JoinGroup(&ifi, m.udpGroup())
	if err != nil && !errors.Is(err, syscall.EADDRINUSE) {
		m.mu.Lock()
		delete(m.joined, ifi.Index)
		m.mu.Unlock()
		return classify(fmt.Errorf("join on %s: %w", ifi.Name, cause(err)))
	}
	m.logger.Info("joined multicast group", zap.String("iface", ifi.Name))
	return nil
}

// leave leaves on ifi, which may be gone: the socket's list of groups is short and remembers it all the same.
func (m *membership) leave(ifi net.Interface) {
	m.mu.Lock()
	delete(m.joined, ifi.Index)
	m.mu.Unlock()
	fields := []zap.Field{zap.String("iface", ifi.Name)}
	if err := m.conn.LeaveGroup(&ifi, m.udpGroup()); err != nil {
		fields = append(fields, zap.Error(cause(err)))
	}
	m.logger.Info("left multicast group", fields...)
}

// forget leaves on interfaces that were removed, even when one with the same index has come since: the kernel has forgotten the
// membership, and would not renew it while the socket's own list has it.
func (m *membership) forget(seen change) {
	for _, ifi := range m.members() {
		if seen.lost || slices.Contains(seen.removed, ifi.Index) {
			m.leave(ifi)
		}
	}
}

// network returns why other hosts cannot be heard.
func (m *membership) network() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lost
}

func (m *membership) members() []net.Interface {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.joined), func(a, b net.Interface) int { return cmp.Compare(a.Index, b.Index) })
}

func (m *membership) udpGroup() *net.UDPAddr { return &net.UDPAddr{IP: m.group.AsSlice()} }

// report logs what has changed since it was called last, and sets when to try again.
func (m *membership) report(err error) {
	failure := ""
	if err != nil {
		failure = err.Error()
	}
	switch {
	case failure == m.failure:
	case err == nil:
		m.logger.Info("network for multicast is back")
	default:
		m.logger.Warn("no network for multicast: what is sent elsewhere is not heard", zap.NamedError("cause", err))
	}
	m.failure = failure
	m.mu.Lock()
	m.lost = err
	m.mu.Unlock()
	if err == nil {
		m.retry = 0
		return
	}
	m.retry = min(max(2*m.retry, firstRetry), lastRetry)
}

// jitter spreads a delay by a fifth, so that hosts that lost the network together don't come back together.
func jitter(d time.Duration) time.Duration { return d - d/10 + rand.N(d/5+1) }
