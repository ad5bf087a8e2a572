package zmq

import (
	"context"
	"errors"
	"fmt"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// puller is a PULL socket, connected to one peer.
type puller struct{ *connector }

var _ transport.Puller = (*puller)(nil)

// Puller connects a socket that takes what others push. Messages of several frames are dropped.
func (t *Transport) Puller(cfg transport.PullerConfig) (transport.Puller, error) {
	leave, err := t.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	c, err := newConnector(t, zmq4.PULL, transport.SubscriberConfig{MaxQueued: defaultMaxQueued, SocketOptions: cfg.SocketOptions})
	if err != nil {
		return nil, fmt.Errorf("puller: %w", err)
	}
	p := &puller{connector: c}
	if err := c.connect(cfg.Address); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	t.own(c.socket, p.Close)
	return p, nil
}

func (p *puller) Receive(ctx context.Context) ([]transport.Frame, error) { return p.receive(ctx) }

func (p *puller) Close() error { return wrap("puller", p.shutdown()) }
