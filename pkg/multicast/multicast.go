// Package multicast sends and receives bounded UDP datagrams over an IPv4 multicast group or broadcast.
//
// It carries the announcements of publishers (doc/protocol.md, section 3) and is exported for programs that send messages of
// their own the same way:
//
//	cfg := multicast.DefaultConfig()
//	receiver, err := multicast.Listen(cfg)
//	…
//	datagram, from, err := receiver.Receive(ctx)
//
// # Which interface
//
// With [Config.Interface] set, datagrams leave through the interface that has this address, and only those that come in there
// are received. Without it the host's route to the group decides, as it does for Python posttroll, and loopback is listened to as well.
// The receiver keeps up with the host: it joins when the network comes, moves when the route or the address moves, and
// joins again when an interface is removed and made anew. The sender decides with every datagram. While there is no route, the
// sender's datagrams reach the host itself over loopback, and Send returns [ErrNoNetwork] all the same.
//
// One combination delivers nothing and can't be seen from either end: a receiver that is set to 127.0.0.1 does not hear
// senders without an interface, since their datagrams leave through the network. The other way round is heard. On one
// host, set 127.0.0.1 on both ends or on none.
//
// A receiver hears only what it joined itself. (Linux by default also hands over what other programs of the host joined, on any
// interface; [Listen] turns that off.)
//
// All functions may be called concurrently, but for Receive, which one goroutine calls at a time. Whoever makes a sender or
// receiver closes it; after that its methods return [net.ErrClosed].
package multicast

import (
	"errors"
	"fmt"
	"net/netip"

	"go.uber.org/zap"
)

// Limits and defaults of posttroll (doc/protocol.md, section 3).
const (
	// MaxSend is the size in bytes of the largest datagram that is sent: a longer one would end the receivers of Python nameservers.
	MaxSend = 1024
	// MaxReceive is the size in bytes of the largest datagram that is received.
	MaxReceive = 64 << 10

	defaultGroup = "225.0.0.212"
	defaultPort  = 21200
	defaultTTL   = 31
)

// Config says where datagrams go and come from. Start from [DefaultConfig]: in the zero value the group means broadcast.
type Config struct {
	// Group is a multicast group (224.0.0.0 to 239.255.255.255), or "", "0.0.0.0" or "255.255.255.255" for broadcast.
	Group string
	// Port is from 1 to 65535. 0: the default, 21200.
	Port int
	// TTL is the number of networks that a datagram may pass through, from 1 to 255. 0: the default, 31.
	TTL int
	// Interface is the IPv4 address of the interface to use. Invalid or 0.0.0.0: the system's choice. For broadcast it counts
	// for sending alone. The address need not be there yet.
	Interface netip.Addr
	// Logger is told by receivers of groups joined and left, and of a network that is lost or back; once for each change. Nil: none.
	Logger *zap.Logger
}

// DefaultConfig is posttroll's group, port and TTL.
func DefaultConfig() Config {
	return Config{Group: defaultGroup, Port: defaultPort, TTL: defaultTTL}
}

// Validate says all that is wrong with c.
func (c Config) Validate() error {
	_, err := c.target()
	return err
}

// target is a checked Config.
type target struct {
	to        netip.AddrPort
	broadcast bool
	ttl       int
	iface     netip.Addr // invalid: the system's choice
}

func (c Config) target() (target, error) {
	group, groupErr := c.group()
	iface, ifaceErr := c.iface()
	var portErr, ttlErr error
	if c.Port < 0 || c.Port > 65535 {
		portErr = fmt.Errorf("multicast port %d: want 1 to 65535", c.Port)
	}
	if c.TTL < 0 || c.TTL > 255 {
		ttlErr = fmt.Errorf("multicast TTL %d: want 1 to 255", c.TTL)
	}
	if err := errors.Join(groupErr, portErr, ttlErr, ifaceErr); err != nil {
		return target{}, err
	}
	return target{
		to:        netip.AddrPortFrom(group, uint16(orDefault(c.Port, defaultPort))),
		broadcast: !group.IsMulticast(),
		ttl:       orDefault(c.TTL, defaultTTL),
		iface:     iface,
	}, nil
}

func (c Config) group() (netip.Addr, error) {
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	if c.Group == "" {
		return broadcast, nil
	}
	group, err := netip.ParseAddr(c.Group)
	switch {
	case err != nil || !group.Is4():
		return group, fmt.Errorf("multicast group %.80q is no IPv4 address", c.Group)
	case group.IsUnspecified(), group == broadcast:
		return broadcast, nil
	case !group.IsMulticast():
		return group, fmt.Errorf("multicast group %s is not in 224.0.0.0 to 239.255.255.255", group)
	}
	return group, nil
}

func (c Config) iface() (netip.Addr, error) {
	addr := c.Interface.Unmap()
	switch {
	case !addr.IsValid(), addr == netip.IPv4Unspecified():
		return netip.Addr{}, nil
	case !addr.Is4(), addr.IsMulticast():
		return addr, fmt.Errorf("multicast interface %s is no IPv4 address of an interface", addr)
	}
	return addr, nil
}

func orDefault(value, otherwise int) int {
	if value == 0 {
		return otherwise
	}
	return value
}
