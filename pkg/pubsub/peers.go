package pubsub

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// peers are the publishers that a subscriber is connected to, by URI.
type peers struct {
	change sync.Mutex // held during a change: connections are made and left in the order of the calls

	mu    sync.Mutex
	byURI map[string]*peer
}

// peer is one of them. It is left when nobody wants it any more.
type peer struct {
	addr   transport.Address
	source *source
	given  bool // by the program
	found  bool // by name
	// foundAt is the address as it was found. As long as the program gives another one, that counts.
	foundAt transport.Address
}

func (p *peers) get(uri string) (peer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.byURI[uri]; ok {
		return *known, true
	}
	return peer{}, false
}

// at returns the peer that is reached at an endpoint.
func (p *peers) at(endpoint transport.Endpoint) (peer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.byURI {
		if known.addr.Endpoint == endpoint {
			return *known, true
		}
	}
	return peer{}, false
}

func (p *peers) set(uri string, known peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byURI == nil {
		p.byURI = make(map[string]*peer)
	}
	if known.given || known.found {
		p.byURI[uri] = &known
	} else {
		delete(p.byURI, uri)
	}
}

// given returns the addresses that the program gave, by URI.
func (p *peers) given() map[string]transport.Address {
	p.mu.Lock()
	defer p.mu.Unlock()
	given := make(map[string]transport.Address)
	for uri, known := range p.byURI {
		if known.given {
			given[uri] = known.addr
		}
	}
	return given
}

// Addresses returns the publishers that the subscriber is to be connected to, given or found, sorted by URI.
func (s *Subscriber) Addresses() []Address {
	s.peers.mu.Lock()
	defer s.peers.mu.Unlock()
	addrs := make([]Address, 0, len(s.peers.byURI))
	for _, uri := range slices.Sorted(maps.Keys(s.peers.byURI)) {
		addrs = append(addrs, Address{URI: uri, Backend: s.peers.byURI[uri].addr.Backend})
	}
	return addrs
}

// Add connects to a publisher, with topics of its own or, without, those of the subscriber. An address that is known by
// its URI keeps its topics; it is connected to anew if it has another backend than before.
func (s *Subscriber) Add(addr Address, topics ...string) error {
	to, err := s.node.peer(addr, s.backend)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.get(addr.URI)
	switch {
	case !ok:
		known, err = s.connect(to, topics)
	case known.addr != to:
		known, err = s.reconnect(known, to)
	}
	if err != nil {
		return err
	}
	known.given = true
	s.peers.set(addr.URI, known)
	return nil
}

// Remove leaves a publisher, after taking in what has arrived from it: that can be received still. One that was found
// by name comes back when it is announced anew. An unknown URI is no error.
func (s *Subscriber) Remove(uri string) error {
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.get(uri)
	if !ok {
		return nil
	}
	known.given, known.found = false, false
	return s.leave(uri, known)
}

// Reconnect leaves a publisher and connects to it anew, after taking in what has arrived from it: for a program that knows that a connection is dead which
// looks alive. What the publisher sends in between is lost. An unknown URI is no error.
func (s *Subscriber) Reconnect(uri string) error {
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.get(uri)
	if !ok {
		return nil
	}
	return s.again(known)
}

// reconnectAt is Reconnect for who is reached at an endpoint.
func (s *Subscriber) reconnectAt(at transport.Endpoint) error {
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.at(at)
	if !ok {
		s.silence.forget(at)
		return nil
	}
	return s.again(known)
}

func (s *Subscriber) again(known peer) error {
	if err := known.source.sub.Reconnect(known.addr); err != nil {
		return fmt.Errorf("reconnect %s: %w", known.addr, err)
	}
	return nil
}

// Update replaces the addresses that the program gave by addrs; those found by name stay. It tells whether anything
// changed. When an address can't be used, nothing is changed.
func (s *Subscriber) Update(addrs []Address) (changed bool, err error) {
	for _, addr := range addrs {
		if _, err := addr.peer(s.backend); err != nil {
			return false, fmt.Errorf("address: %w", err)
		}
	}
	before := s.peers.given()
	wanted := make(map[string]bool, len(addrs))
	var errs []error
	for _, addr := range addrs {
		wanted[addr.URI] = true
		errs = append(errs, s.Add(addr))
	}
	for _, uri := range slices.Sorted(maps.Keys(before)) {
		if !wanted[uri] {
			errs = append(errs, s.giveUp(uri))
		}
	}
	return !maps.Equal(before, s.peers.given()), errors.Join(errs...)
}

// giveUp takes back what the program gave.
func (s *Subscriber) giveUp(uri string) (err error) {
	s.peers.change.Lock()
	defer s.peers.change.Unlock()
	known, ok := s.peers.get(uri)
	if !ok {
		return nil
	}
	known.given = false
	if known.found && known.addr != known.foundAt {
		if known, err = s.reconnect(known, known.foundAt); err != nil {
			return err
		}
	}
	return s.leave(uri, known)
}

// connect connects the source for topics to addr.
func (s *Subscriber) connect(addr transport.Address, topics []string) (peer, error) {
	source := s.main
	if len(topics) > 0 {
		var err error
		if source, err = s.sourceFor(newTopicSet(topics)); err != nil {
			return peer{}, err
		}
	}
	if err := source.sub.Connect(addr); err != nil {
		return peer{}, fmt.Errorf("connect to %s: %w", addr, err)
	}
	return peer{addr: addr, source: source}, nil
}

// reconnect connects the source of a peer to the same publisher in another way, after taking in what has arrived in the old one.
func (s *Subscriber) reconnect(known peer, to transport.Address) (peer, error) {
	if err := s.disconnect(known); err != nil {
		return known, err
	}
	if err := known.source.sub.Connect(to); err != nil {
		return known, errors.Join(fmt.Errorf("connect to %s: %w", to, err), known.source.sub.Connect(known.addr))
	}
	known.addr = to
	return known, nil
}

// leave notes who still wants a peer, and disconnects when nobody does.
func (s *Subscriber) leave(uri string, known peer) error {
	s.peers.set(uri, known)
	if known.given || known.found {
		return nil
	}
	return s.disconnect(known)
}

func (s *Subscriber) disconnect(known peer) error {
	if err := known.source.sub.Disconnect(known.addr); err != nil {
		return fmt.Errorf("disconnect from %s: %w", known.addr, err)
	}
	s.handshakes.forget(known.addr.Endpoint)
	s.silence.forget(known.addr.Endpoint)
	return nil
}

// sourceFor returns the source with these topics. A source stays for the next address with the same topics when its last address
// is removed.
func (s *Subscriber) sourceFor(topics topicSet) (*source, error) {
	if s.main.topicKey() == topics.key() {
		return s.main, nil
	}
	if src := s.findSide(topics); src != nil {
		return src, nil
	}
	src, err := s.newSource(topics)
	if err != nil {
		return nil, err
	}
	if err := s.addSide(src); err != nil {
		return nil, errors.Join(err, src.Close())
	}
	return src, nil
}

func (s *Subscriber) findSide(topics topicSet) *source {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, side := range s.sides {
		if side.hook == nil && side.topicKey() == topics.key() {
			return side
		}
	}
	return nil
}
