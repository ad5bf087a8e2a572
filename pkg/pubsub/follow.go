package pubsub

import (
	"context"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"go.uber.org/zap"
)

// follow looks for the services of o until ctx ends, and connects to what is found.
func (s *Subscriber) follow(ctx context.Context, o SubscriberOptions) error {
	lookup, err := s.node.lookup(o.Nameservers)
	if err != nil {
		return err
	}
	lookup.Timeout = o.LookupTimeout
	cfg := discovery.FollowerConfig{LookupConfig: lookup, Services: o.Services}
	if !o.LookupOnly {
		cfg.Feeds = s.node.feeds(lookup.Nameservers)
	}
	follower, err := discovery.NewFollower(cfg)
	if err != nil {
		return err
	}
	s.wg.Go(func() {
		if err := follower.Run(ctx, s.changed); err != nil {
			s.log.Error("following services ended", zap.Strings("service", o.Services), zap.Error(err))
		}
	})
	return nil
}

// changed takes in what came or went.
func (s *Subscriber) changed(c discovery.Change) {
	if c.Added {
		s.found(c.Entry)
	} else {
		s.lost(c.Entry)
	}
}

// found connects to a publisher. One that can't be used is logged once and passed over.
func (s *Subscriber) found(e discovery.Entry) {
	addr := Address{URI: e.URI, Backend: e.Backend, SupportedVersion: e.SupportedVersion}
	if err := s.addFound(addr); err != nil {
		if s.refused.first(e.URI, err) && !s.isClosed() {
			s.log.Warn("publisher passed over", zap.Strings("service", e.Services), zap.String("uri", e.URI), zap.Error(err))
		}
		return
	}
	s.log.Info("publisher added", zap.Strings("service", e.Services), zap.String("uri", e.URI))
}

func (s *Subscriber) addFound(addr Address) error {
	to, err := addr.peer(s.backend)
	if err != nil {
		return err
	}
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.get(addr.URI)
	if !ok {
		if known, err = s.connect(to, nil); err != nil {
			return err
		}
	}
	known.found = true
	s.peers.set(addr.URI, known)
	return nil
}

// lost leaves a publisher, unless the program gave its address.
func (s *Subscriber) lost(e discovery.Entry) {
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.get(e.URI)
	if !ok || !known.found {
		return
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
