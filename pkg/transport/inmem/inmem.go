// Package inmem carries the transport seam in memory, for tests: ours and those of programs built on this library.
//
// A [Network] stands for the wires; each [Transport] made from it for one host. It works inside testing/synctest bubbles:
// nothing in it polls or sleeps.
package inmem

import (
	"context"
	"net/netip"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Network connects transports and datagram groups in one process.
type Network struct{}

// NewNetwork makes an empty network.
func NewNetwork() *Network { panic("inmem: skeleton") }

// Transport makes a transport for a host with that address; tcp endpoints "*" on it are reached under the address.
func (n *Network) Transport(host netip.Addr) *Transport { panic("inmem: skeleton") }

// Group returns a datagram sender and receiver for host, all in one group.
func (n *Network) Group(host netip.Addr) *Group { panic("inmem: skeleton") }

// Cut separates a host from all others until Heal is called.
func (n *Network) Cut(host netip.Addr) { panic("inmem: skeleton") }

// Heal undoes Cut.
func (n *Network) Heal(host netip.Addr) { panic("inmem: skeleton") }

// Group carries datagrams as package multicast does.
type Group struct{}

// Send sends to all receivers in the group.
func (g *Group) Send(ctx context.Context, datagram []byte) error { panic("inmem: skeleton") }

// Receive waits for the next datagram.
func (g *Group) Receive(ctx context.Context) ([]byte, netip.AddrPort, error) {
	panic("inmem: skeleton")
}

// Close leaves the group.
func (g *Group) Close() error { panic("inmem: skeleton") }

// Transport is one host's transport.
type Transport struct{}

var _ transport.Transport = (*Transport)(nil)

func (t *Transport) Publisher(transport.PublisherConfig) (transport.Publisher, error) {
	panic("inmem: skeleton")
}
func (t *Transport) Subscriber(transport.SubscriberConfig) (transport.Subscriber, error) {
	panic("inmem: skeleton")
}
func (t *Transport) Replier(transport.ReplierConfig) (transport.Replier, error) {
	panic("inmem: skeleton")
}
func (t *Transport) Puller(transport.PullerConfig) (transport.Puller, error) {
	panic("inmem: skeleton")
}
func (t *Transport) Request(context.Context, transport.Address, []byte, transport.SocketOptions) ([]byte, error) {
	panic("inmem: skeleton")
}
func (t *Transport) Close() error { panic("inmem: skeleton") }
