package pubsub

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Follow tells of the publishers of services ([AllServices] among them: of all), as nameservers (default: localhost) know them: those that are there, and then each
// that comes, changes or goes, until ctx ends. It calls changed from this goroutine, in order, and waits for it to return. It also waits for
// nameservers that are not there.
func (n *Node) Follow(ctx context.Context, services []string, changed func(discovery.Change), nameservers ...string) error {
	cfg, err := n.follower(services, nameservers)
	if err != nil {
		return err
	}
	follower, err := discovery.NewFollower(cfg)
	if err != nil {
		return err
	}
	return follower.Run(ctx, changed)
}

// follower returns how services are followed.
func (n *Node) follower(services, nameservers []string) (discovery.FollowerConfig, error) {
	lookup, err := n.lookup(nameservers)
	if err != nil {
		return discovery.FollowerConfig{}, err
	}
	lookup.Timeout = discovery.DefaultTimeout
	return discovery.FollowerConfig{LookupConfig: lookup, Services: services, Feeds: n.feeds(lookup.Nameservers)}, nil
}

// follow looks for the services of o until ctx ends, and connects to what is found.
func (s *Subscriber) follow(ctx context.Context, o SubscriberOptions) error {
	cfg, err := s.node.follower(o.Services, o.Nameservers)
	if err != nil {
		return err
	}
	cfg.Usable = s.usable
	if o.LookupTimeout > 0 {
		cfg.Timeout = o.LookupTimeout
	}
	if o.LookupOnly {
		cfg.Feeds = nil
	}
	follower, err := discovery.NewFollower(cfg)
	if err != nil {
		return err
	}
	s.missing.want(o.Services)
	s.wg.Go(func() {
		if err := follower.Run(ctx, s.changed); err != nil {
			s.log.Error("following services ended", zap.Strings("service", o.Services), zap.Error(err))
		}
	})
	s.wg.Go(func() { s.warnMissing(ctx, cfg.Timeout) })
	s.wg.Go(func() { s.connectLater(ctx) })
	return nil
}

// warnMissing tells once of services that nobody has offered within timeout.
func (s *Subscriber) warnMissing(ctx context.Context, timeout time.Duration) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(timeout):
	}
	if names := s.missing.list(); len(names) > 0 {
		s.log.Warn("no publisher found yet", zap.Strings("service", names), zap.Duration("age", timeout))
	}
}

// changed takes in what came or went.
func (s *Subscriber) changed(c discovery.Change) {
	s.listed.mu.Lock()
	defer s.listed.mu.Unlock()
	if c.Added {
		s.listed.add(c.Entry)
		s.found(c.Entry)
	} else {
		delete(s.listed.entries, c.Entry.URI)
		s.lost(c.Entry)
	}
}

// found connects to a publisher. One that can't be used is logged once and passed over; one that can't be connected to is tried again later. The caller holds
// listed.mu.
func (s *Subscriber) found(e discovery.Entry) {
	s.missing.found(e)
	delete(s.unconnected.uris, e.URI) // whatever comes of this attempt counts now
	to, served, err := s.foundAddress(e)
	if served {
		s.lost(e) // the other socket may be new
		s.log.Debug("publisher passed over: its other socket serves", zap.Strings("service", e.Services), zap.String("uri", e.URI))
		return
	}
	var how connecting
	if err == nil {
		if how, err = s.addFound(e.URI, to); err != nil {
			s.unconnected.note(e.URI)
		}
	}
	if err != nil {
		s.lost(e) // it may have been usable before
		if leftOut, ok := s.refused.first(e.URI, err); ok && !s.isClosed() {
			s.log.Log(passedOver(err), "publisher passed over", zap.Strings("service", e.Services), zap.String("uri", e.URI), zap.Error(err), left(leftOut))
		}
		return
	}
	s.refused.forget(e.URI)
	if s.tellFound != nil {
		s.tellFound(e, true)
	}
	fields := []zap.Field{zap.Strings("service", e.Services), zap.String("uri", e.URI), zap.String("backend", string(to.Backend))}
	switch how {
	case connectedNew:
		s.log.Info("publisher added", fields...)
	case connectedAnew:
		s.log.Info("publisher connected anew: it has another backend or other keys", fields...)
	}
}

// connecting is what was done to be connected.
type connecting int

const (
	connectedAlready connecting = iota
	connectedNew
	connectedAnew
)

// addFound connects to a publisher that was found. One that the program gave is connected to as the program said.
func (s *Subscriber) addFound(uri string, to transport.Address) (how connecting, err error) {
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.get(uri)
	switch {
	case !ok:
		how = connectedNew
		known, err = s.connect(to, nil)
	case !known.found:
		how = connectedNew
	case known.addr != to && !known.given:
		how = connectedAnew
		known, err = s.reconnect(known, to)
	}
	if err != nil {
		return how, err
	}
	known.found, known.foundAt = true, to
	s.peers.set(uri, known)
	return how, nil
}

// lost leaves a publisher, unless the program gave its address.
func (s *Subscriber) lost(e discovery.Entry) {
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.get(e.URI)
	if !ok || !known.found {
		return
	}
	if s.tellFound != nil {
		s.tellFound(e, false)
	}
	known.found = false
	if err := s.leave(e.URI, known); err != nil {
		if !s.isClosed() {
			s.log.Warn("publisher not left", zap.String("uri", e.URI), zap.Error(err))
		}
		return
	}
	s.log.Info("publisher removed", zap.String("uri", e.URI))
}

// missing are the services that nobody has offered yet.
type missing struct {
	mu       sync.Mutex
	services map[string]bool
}

func (m *missing) want(services []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.services = make(map[string]bool)
	for _, service := range services {
		m.services[service] = true
	}
}

func (m *missing) found(e discovery.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.services, func(service string, _ bool) bool { return e.Offers(service) })
}

func (m *missing) list() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.services))
}
