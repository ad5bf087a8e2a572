package inmem

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Publisher sends frames to all that subscribed to how they begin.
type Publisher struct {
	server
	outbox   outbox
	welcome  *transport.Welcome  // nil: newcomers get nothing
	tell     func(topic string)  // of those who subscribe; nil: nobody
	loss     transport.LossStats // guarded by Network.mu; but for those who are slow now
	welcomed uint64              // guarded by Network.mu
}

var _ transport.Publisher = (*Publisher)(nil)

// Publisher binds a publisher; what it returns is a [*Publisher].
func (t *Transport) Publisher(cfg transport.PublisherConfig) (transport.Publisher, error) {
	opts, err := withDefaults(cfg.SocketOptions)
	if err != nil {
		return nil, fmt.Errorf("bind %s: %w", cfg.Endpoint, err)
	}
	if cfg.Listener != nil {
		return nil, fmt.Errorf("bind %s: %w", cfg.Endpoint, errListener)
	}
	if err := cfg.Welcome.Check(cfg.Endpoint); err != nil {
		return nil, fmt.Errorf("bind %s: %w", cfg.Endpoint, err)
	}
	p := &Publisher{outbox: outbox{queue: opts.Queue}, welcome: cfg.Welcome, tell: cfg.Subscribed}
	p.outbox.greet = p.greet
	listen := listenConfig{cfg.Endpoint, cfg.MinPort, cfg.MaxPort, cfg.Backend, cfg.Security}
	if err := t.listen(listen, &p.server, p); err != nil {
		return nil, err
	}
	return p, nil
}

// Send hands frame to all connected subscribers that want it. It never waits; a subscriber whose queue is full loses it.
func (p *Publisher) Send(ctx context.Context, frame []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.owner.network.mu.Lock()
	defer p.owner.network.mu.Unlock()
	if p.closed {
		return transport.ErrClosed
	}
	if err := p.checkSend(); err != nil {
		return err
	}
	heard := false
	for _, l := range slices.Clone(p.outbox.links) {
		heard = heard || len(l.inbox.topics) > 0
		if l.inbox.matches(frame) {
			p.deliver(l, frame)
		}
	}
	if !heard {
		p.loss.Unheard++
	}
	p.sent(frame)
	return nil
}

// deliver sends frame to one subscriber, if that has room. The caller holds mu.
func (p *Publisher) deliver(l *link, frame []byte) {
	if p.outbox.room(l) {
		l.full = false
		p.outbox.send(l, frame)
	} else {
		p.lose(l)
	}
}

// SendBatch sends frames one by one.
func (p *Publisher) SendBatch(ctx context.Context, frames [][]byte) (sent int, err error) {
	for i, frame := range frames {
		if err := p.Send(ctx, frame); err != nil {
			return i, err
		}
	}
	return len(frames), nil
}

// Dropped counts frames that subscribers lost since their queue was full: one for each frame and subscriber.
func (p *Publisher) Dropped() uint64 {
	p.owner.network.mu.Lock()
	defer p.owner.network.mu.Unlock()
	return p.loss.LostEstimate
}

// WaitSubscribed waits until at least n subscriptions are a prefix of topic.
func (p *Publisher) WaitSubscribed(ctx context.Context, topic string, n int) error {
	return transport.WaitSubscribed(ctx, p, topic, n)
}

// Subscriptions returns the current subscriptions, sorted by topic.
func (p *Publisher) Subscriptions() []transport.Subscription {
	p.owner.network.mu.Lock()
	defer p.owner.network.mu.Unlock()
	return p.subscriptions()
}

// Covers tells whether a subscription covers frame.
func (p *Publisher) Covers(frame []byte) bool {
	p.owner.network.mu.Lock()
	defer p.owner.network.mu.Unlock()
	for topic := range p.counts() {
		if strings.HasPrefix(string(frame), topic) {
			return true
		}
	}
	return false
}

// NextSubscriptions waits until the subscriptions are not known, and returns them.
func (p *Publisher) NextSubscriptions(ctx context.Context, known []transport.Subscription) ([]transport.Subscription, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.owner.network.mu.Lock()
		if p.closed {
			p.owner.network.mu.Unlock()
			return nil, transport.ErrClosed
		}
		now, changed := p.subscriptions(), p.outbox.changed.next()
		p.owner.network.mu.Unlock()
		if !slices.Equal(now, known) {
			return now, nil
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// subscriptions lists what subscribers asked for. The caller holds mu.
func (p *Publisher) subscriptions() []transport.Subscription {
	counts := p.counts()
	var all []transport.Subscription
	for _, topic := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, transport.Subscription{Topic: topic, Count: counts[topic]})
	}
	return all
}

// Clients returns the subscribers that are connected now, sorted by identity and address.
func (p *Publisher) Clients() []transport.Client {
	p.owner.network.mu.Lock()
	defer p.owner.network.mu.Unlock()
	var all []transport.Client
	for _, l := range p.outbox.links {
		if n := len(l.inbox.topics); n > 0 {
			all = append(all, transport.Client{Identity: l.identity, Addr: l.peerAddrPort(), Topics: n, Slow: l.slow})
		}
	}
	slices.SortFunc(all, transport.Client.Compare)
	return all
}

// Stats returns counters since the socket was made.
func (p *Publisher) Stats() transport.PublisherStats {
	p.owner.network.mu.Lock()
	defer p.owner.network.mu.Unlock()
	loss := p.loss
	for _, l := range p.outbox.links {
		if l.slow.Now() {
			loss.Slow++
		}
	}
	return transport.PublisherStats{Access: p.door.access(), Loss: loss, Welcomed: p.welcomed}
}

// counts tells how many subscribers asked for each topic. The caller holds mu.
func (p *Publisher) counts() map[string]int {
	counts := make(map[string]int)
	for _, l := range p.outbox.links {
		for topic := range l.inbox.topics {
			counts[topic]++
		}
	}
	return counts
}

// Close frees the endpoint. What was sent still arrives.
func (p *Publisher) Close() error {
	p.close(func() {
		p.outbox.dropLinks(closedByPeer, anyone)
		p.outbox.changed.fire()
	})
	return nil
}

func (p *Publisher) accept(d *dial) *refusal {
	l, ok := d.end.(*link)
	if !ok || l.inbox.topics == nil {
		return otherKind
	}
	p.outbox.link(l)
	p.welcomeAll(l)
	return nil
}

func (p *Publisher) dropLinks(cause string, match func(*dial) bool) { p.outbox.dropLinks(cause, match) }

func (p *Publisher) revoke(match func(*dial) bool) uint64 {
	return p.outbox.dropLinks(closedByPeer, match)
}
