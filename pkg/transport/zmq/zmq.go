// Package zmq carries the transport seam over ZeroMQ: libzmq through github.com/pebbe/zmq4, and a small cgo shim for what the
// binding lacks.
package zmq

import (
	"context"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Options configure a [Transport].
type Options struct {
	Logger     *zap.Logger // nil: none
	MaxSockets int         // ZMQ_MAX_SOCKETS; default 4096
	// Heartbeat is the ZMTP heartbeat interval where we connect. Default 30 s; negative: off.
	Heartbeat time.Duration
}

// Transport is a ZeroMQ context of its own and its sockets.
type Transport struct{}

var _ transport.Transport = (*Transport)(nil)

// New makes a transport. The caller closes it.
func New(Options) (*Transport, error) { panic("zmq: skeleton") }

func (t *Transport) Publisher(transport.PublisherConfig) (transport.Publisher, error) {
	panic("zmq: skeleton")
}
func (t *Transport) Subscriber(transport.SubscriberConfig) (transport.Subscriber, error) {
	panic("zmq: skeleton")
}
func (t *Transport) Replier(transport.ReplierConfig) (transport.Replier, error) {
	panic("zmq: skeleton")
}
func (t *Transport) Puller(transport.PullerConfig) (transport.Puller, error) {
	panic("zmq: skeleton")
}
func (t *Transport) Request(context.Context, transport.Address, []byte, transport.SocketOptions) ([]byte, error) {
	panic("zmq: skeleton")
}
func (t *Transport) Close() error { panic("zmq: skeleton") }
