// Package multicast sends and receives bounded UDP datagrams over an IPv4 multicast group or broadcast.
//
// It carries the announcements of publishers (doc/protocol.md, section 3) and is exported for programs that send messages of their own
// the same way.
package multicast

import (
	"context"
	"net/netip"

	"go.uber.org/zap"
)

// MaxSend is the largest datagram that is sent: a longer one would end the receivers of Python nameservers.
const MaxSend = 1024

// Config says where datagrams go. The zero value is posttroll's group on its port.
type Config struct {
	Group     string      // multicast group, or "", "0.0.0.0", "255.255.255.255" for broadcast. Use DefaultConfig for 225.0.0.212
	Port      int         // default 21200
	TTL       int         // default 31
	Interface netip.Addr  // IPv4 address of the interface; invalid: the system's choice
	Logger    *zap.Logger // network lost, network back
}

// DefaultConfig is posttroll's group, port and TTL.
func DefaultConfig() Config { panic("multicast: skeleton") }

// Sender sends datagrams.
type Sender struct{}

// NewSender checks cfg; it needs no network yet.
func NewSender(cfg Config) (*Sender, error) { panic("multicast: skeleton") }

// Send sends one datagram of at most MaxSend bytes.
func (s *Sender) Send(ctx context.Context, datagram []byte) error { panic("multicast: skeleton") }

// Close closes the sender.
func (s *Sender) Close() error { panic("multicast: skeleton") }

// Receiver receives datagrams.
type Receiver struct{}

// Listen binds the port. A group that cannot be joined yet is joined when the network comes.
func Listen(cfg Config) (*Receiver, error) { panic("multicast: skeleton") }

// Receive waits for the next datagram. A datagram longer than 64 KiB is counted and dropped.
func (r *Receiver) Receive(ctx context.Context) ([]byte, netip.AddrPort, error) {
	panic("multicast: skeleton")
}

// Close leaves the group.
func (r *Receiver) Close() error { panic("multicast: skeleton") }
