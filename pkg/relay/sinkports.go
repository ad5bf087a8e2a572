package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// sinkPorts are the publishers of a sink: one, unless it is announced under more names than fit one announcement. A further one stays until the sink is
// closed, as subscribers may be connected to it.
type sinkPorts struct {
	log *zap.Logger
	cfg SinkConfig
	// publisher binds one more with these options.
	publisher func(pubsub.PublisherOptions) (*pubsub.Publisher, error)

	// Who opens one holds opening, so that closing does not miss it.
	opening sync.Mutex
	closed  bool

	mu      sync.Mutex
	all     []*pubsub.Publisher
	changed chan struct{} // closed when there are more

	// Where messages go that come from one of these; the first port for all others.
	byOrigin atomic.Pointer[map[transport.Endpoint]*pubsub.Publisher]
}

// publishers returns all, the first one first, and a channel that is closed when there are more.
func (p *sinkPorts) publishers() ([]*pubsub.Publisher, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all), p.changed
}

func (p *sinkPorts) add(pub *pubsub.Publisher) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, pub)
	if p.changed != nil {
		close(p.changed)
	}
	p.changed = make(chan struct{})
}

// open binds one more.
func (p *sinkPorts) open(o pubsub.PublisherOptions) (*pubsub.Publisher, error) {
	p.opening.Lock()
	defer p.opening.Unlock()
	if p.closed {
		return nil, transport.ErrClosed
	}
	pub, err := p.publisher(o)
	if err != nil {
		return nil, err
	}
	p.add(pub)
	return pub, nil
}

// openFurther binds a further one, on the first port behind that of the settings that is free, or any where they name none.
func (p *sinkPorts) openFurther(o pubsub.PublisherOptions) (*pubsub.Publisher, error) {
	all, _ := p.publishers()
	if len(all) >= p.cfg.maxPorts() {
		return nil, fmt.Errorf("max_ports: there are %d already", len(all))
	}
	first := p.cfg.bindsAt()
	o.Port = 0
	if first.Port() == 0 {
		o.NextPort = 0
		return p.open(o)
	}
	var errs []error
	for n := 1; n < p.cfg.maxPorts(); n++ {
		port := first.Port() + n
		if slices.ContainsFunc(all, func(pub *pubsub.Publisher) bool { return pub.Port() == port }) {
			continue
		}
		o.Address = first.WithPort(port).String()
		if p.cfg.NextPort != 0 {
			o.NextPort = p.cfg.NextPort + n
		}
		pub, err := p.open(o)
		if err == nil || errors.Is(err, transport.ErrClosed) {
			return pub, err
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// send sends frames, those that follow each other and go out on the same port together.
func (p *sinkPorts) send(ctx context.Context, frames [][]byte, from []transport.Endpoint) (sent int, err error) {
	byOrigin := p.byOrigin.Load()
	first := p.first()
	if byOrigin == nil {
		return first.SendFrames(ctx, frames)
	}
	to := func(i int) *pubsub.Publisher {
		if pub, ok := (*byOrigin)[from[i]]; ok {
			return pub
		}
		return first
	}
	for sent < len(frames) {
		pub, end := to(sent), sent+1
		for end < len(frames) && to(end) == pub {
			end++
		}
		n, err := pub.SendFrames(ctx, frames[sent:end])
		if sent += n; err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (p *sinkPorts) first() *pubsub.Publisher {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[0]
}

// endpoints are what is bound, and where that is announced, one by one.
func (p *sinkPorts) endpoints() (bound []transport.Endpoint, uris []string) {
	all, _ := p.publishers()
	for _, pub := range all {
		bound, uris = append(bound, pub.Endpoint()), append(uris, pub.URI())
		if next, ok := pub.NextEndpoint(); ok {
			bound, uris = append(bound, next), append(uris, pub.NextURI())
		}
		if replay, ok := pub.ReplayEndpoint(); ok {
			bound, uris = append(bound, replay), append(uris, "")
		}
	}
	return bound, uris
}

// demand waits until the topics that subscribers of all ports ask for are not known.
func (p *sinkPorts) demand(ctx context.Context, known []string) ([]string, error) {
	for {
		all, more := p.publishers()
		var topics []string
		asked := make([][]transport.Subscription, len(all))
		for i, pub := range all {
			asked[i] = pub.Subscriptions()
			topics = append(topics, topicsOf(asked[i])...)
		}
		slices.Sort(topics)
		if topics = slices.Compact(topics); !slices.Equal(topics, known) {
			return topics, nil
		}
		if err := waitDemand(ctx, all, asked, more); err != nil {
			return known, err
		}
	}
}

// waitDemand waits until one of the publishers is asked for something else, or there is one more.
func waitDemand(ctx context.Context, all []*pubsub.Publisher, asked [][]transport.Subscription, more <-chan struct{}) error {
	ended, cancel := context.WithCancel(ctx)
	done := make(chan error, len(all))
	var waiting sync.WaitGroup
	for i, pub := range all {
		waiting.Go(func() {
			_, err := pub.NextSubscriptions(ended, asked[i])
			done <- err
		})
	}
	var err error
	select {
	case <-more:
	case err = <-done:
	}
	cancel()
	waiting.Wait()
	return err
}

// clients are those of all ports; a subscriber that is connected to several stands there for each.
func (p *sinkPorts) clients() []transport.Client {
	all, _ := p.publishers()
	var clients []transport.Client
	for _, pub := range all {
		clients = append(clients, pub.Clients()...)
	}
	return clients
}

func (p *sinkPorts) loss() transport.LossStats {
	all, _ := p.publishers()
	var loss transport.LossStats
	for _, pub := range all {
		loss = loss.Add(pub.Stats().Loss)
	}
	return loss
}

// close closes all at the same time, as each may wait for slow subscribers.
func (p *sinkPorts) close() error {
	p.opening.Lock()
	p.closed = true
	p.opening.Unlock()
	all, _ := p.publishers()
	errs := make([]error, len(all))
	var closing sync.WaitGroup
	for i, pub := range all {
		closing.Go(func() { errs[i] = pub.Close() })
	}
	closing.Wait()
	return errors.Join(errs...)
}
