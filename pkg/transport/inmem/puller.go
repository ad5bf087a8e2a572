package inmem

import (
	"context"
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Puller receives what peers push to it.
type Puller struct {
	inbox inbox
}

var _ transport.Puller = (*Puller)(nil)

// Puller connects a socket that takes what others push.
func (t *Transport) Puller(cfg transport.PullerConfig) (transport.Puller, error) {
	to, err := checkAddress(cfg.Address, cfg.ClientKey)
	if err != nil {
		return nil, err
	}
	opts, err := withDefaults(cfg.SocketOptions)
	if err != nil {
		return nil, fmt.Errorf("puller: %w", err)
	}
	p := &Puller{inbox: inbox{owner: t, client: opts.ClientKey, queue: opts.Queue, maxMessage: opts.MaxMessage, maxQueued: defaultMaxQueued}}
	t.network.mu.Lock()
	defer t.network.mu.Unlock()
	if t.closed {
		return nil, transport.ErrClosed
	}
	if err := p.inbox.connect(to); err != nil {
		return nil, err
	}
	t.add(p)
	return p, nil
}

// Receive waits for frames.
func (p *Puller) Receive(ctx context.Context) ([]transport.Frame, error) { return p.inbox.receive(ctx) }

// Close drops the connection.
func (p *Puller) Close() error {
	mu := &p.inbox.owner.network.mu
	mu.Lock()
	defer mu.Unlock()
	if p.inbox.close() {
		p.inbox.owner.remove(p)
	}
	return nil
}

// Pusher pushes frames to pullers in turn. The seam has no such socket, since posttroll pushes nothing; tests of
// those who pull need one.
type Pusher struct {
	server
	outbox outbox
	turn   int
}

// Pusher binds a pusher.
func (t *Transport) Pusher(endpoint transport.Endpoint) (*Pusher, error) {
	p := &Pusher{outbox: outbox{queue: defaultQueue}}
	if err := t.listen(listenConfig{endpoint: endpoint}, &p.server, p); err != nil {
		return nil, err
	}
	return p, nil
}

// Send hands frame to the next puller that has room, and waits for one.
func (p *Pusher) Send(ctx context.Context, frame []byte) error {
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("push to %s: %w", p.endpoint, err)
		}
		p.owner.network.mu.Lock()
		if p.closed {
			p.owner.network.mu.Unlock()
			return transport.ErrClosed
		}
		sent := p.push(frame)
		changed := p.outbox.changed.next()
		p.owner.network.mu.Unlock()
		if sent {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// push tries all pullers once, the one after the last that was served first. The caller holds mu.
func (p *Pusher) push(frame []byte) bool {
	count := len(p.outbox.links)
	for i := range count {
		at := (p.turn + i) % count
		if l := p.outbox.links[at]; p.outbox.room(l) {
			p.turn = at + 1
			p.outbox.send(l, frame)
			return true
		}
	}
	return false
}

// Close frees the endpoint. What was sent still arrives.
func (p *Pusher) Close() error {
	p.close(func() {
		p.outbox.dropLinks(closedByPeer, anyone)
		p.outbox.changed.fire()
	})
	return nil
}

func (p *Pusher) accept(d *dial) *refusal {
	l, ok := d.end.(*link)
	if !ok || l.inbox.topics != nil {
		return otherKind
	}
	p.outbox.link(l)
	return nil
}

func (p *Pusher) dropLinks(cause string, match func(*dial) bool) { p.outbox.dropLinks(cause, match) }

func (p *Pusher) revoke(match func(*dial) bool) uint64 {
	return p.outbox.dropLinks(closedByPeer, match)
}
