package relay

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// posttrollSource subscribes to publishers.
type posttrollSource struct {
	sub  *pubsub.Subscriber
	news func() // says that connected has changed
	keys closer // of its own; nil: none

	origins foundOrigins
	// Of Receive.
	batch []pubsub.Received

	tell func(LinkChange) // nil: nobody

	mu        sync.Mutex
	connected map[transport.Endpoint]bool
	told      map[transport.Endpoint]linkNews // the last ones
}

// linkNews is what was told last of a connection.
type linkNews struct {
	at    time.Time
	cause string
}

var (
	_ Source = (*posttrollSource)(nil)
	_ Links  = (*posttrollSource)(nil)
	_ linker = (*posttrollSource)(nil)
)

// openSource makes the source of a route, which wants nothing yet. accept says which publishers may be connected to;
// changed is called when there are others, and tell, if it is not nil, told what becomes of them.
func (r *Relay) openSource(cfg SourceConfig, accept func(discovery.Entry) error, changed func(), tell func(LinkChange)) (_ Source, err error) {
	node, keys, err := r.sourceNode(cfg)
	if err != nil {
		return nil, err
	}
	s := &posttrollSource{
		keys: keys, news: r.changed, origins: foundOrigins{given: cfg.Addresses, changed: changed}, tell: tell,
		connected: make(map[transport.Endpoint]bool), told: make(map[transport.Endpoint]linkNews),
	}
	for _, uri := range cfg.Addresses {
		s.awaited(uri)
	}
	opts := cfg.subscriber()
	opts.Accept, opts.Found, opts.Events = accept, s.found, s.event
	if s.sub, err = node.Subscriber(opts); err != nil {
		return nil, errors.Join(err, closeAny(keys))
	}
	return s, nil
}

// checkSource reads the keys that the source of a route needs, and connects to nothing.
func (r *Relay) checkSource(cfg SourceConfig) error {
	node, keys, err := r.sourceNode(cfg)
	if err != nil {
		return err
	}
	return errors.Join(node.CheckSubscriber(cfg.subscriber()), closeAny(keys))
}

// subscriber returns the options of the subscriber, which wants nothing yet.
func (cfg SourceConfig) subscriber() pubsub.SubscriberOptions {
	return pubsub.SubscriberOptions{
		Addresses:     pubsub.URIs(cfg.Addresses...),
		Services:      cfg.Services,
		Nameservers:   cfg.Nameservers,
		Topics:        []string{},
		Translate:     cfg.Translate,
		Backend:       cfg.Backend,
		Queue:         cfg.Queue,
		Attribute:     true,
		Recycle:       true,
		SilenceFactor: cfg.silenceFactor(),
	}
}

func (s *posttrollSource) event(e transport.Event) {
	kind, cause := s.note(e)
	if kind != "" && s.tell != nil {
		at := e.Peer.Endpoint
		s.tell(LinkChange{Kind: kind, URI: at.String(), Services: s.origins.names(at), Cause: cause})
	}
}

// note takes in what happened to a connection.
func (s *posttrollSource) note(e transport.Event) (kind LinkKind, cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := e.Peer.Endpoint
	switch e.Kind {
	case transport.Connected:
		kind = LinkUp
		s.connected[at] = true
	case transport.Lost:
		kind, cause = LinkDown, e.Cause
	case transport.HandshakeFailed:
		kind, cause = LinkFailed, strings.TrimSuffix(string(e.Reason)+": "+e.Cause, ": ")
	default:
		return "", ""
	}
	s.told[at] = linkNews{time.Now(), cause}
	if kind == LinkUp || s.connected[at] { // one that is away stays away, however often it is tried
		s.news()
	}
	if kind != LinkUp {
		delete(s.connected, at)
	}
	return kind, cause
}

// awaited notes that a publisher is to be connected to from now on, if it is not known yet.
func (s *posttrollSource) awaited(uri string) {
	at, err := transport.ConnectEndpoint(uri)
	if err != nil {
		return // it can't be connected to
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.told[at]; !known {
		s.told[at] = linkNews{at: time.Now()}
	}
}

// found takes in that a publisher is there, or has gone.
func (s *posttrollSource) found(e discovery.Entry, there bool) {
	s.origins.note(e, there)
	if there {
		s.awaited(e.URI)
	}
	if s.tell == nil {
		return
	}
	kind := PublisherFound
	if !there {
		kind = PublisherRemoved
	}
	s.tell(LinkChange{Kind: kind, URI: e.URI, Services: shortened(e.Services)})
}

// links are the publishers that are to be connected to, and how it stands with them.
func (s *posttrollSource) links() []LinkStats {
	addrs := s.sub.Addresses()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]LinkStats, 0, len(addrs))
	for _, addr := range addrs {
		at, err := transport.ConnectEndpoint(addr.URI)
		if err != nil {
			continue // it would not be among them
		}
		told := s.told[at]
		all = append(all, LinkStats{
			URI: addr.URI, Backend: addr.Backend, Services: s.origins.names(at), Connected: s.connected[at], Since: told.at, Cause: told.cause,
		})
	}
	return all
}

func (s *posttrollSource) Receive(ctx context.Context, batch []Received) ([]Received, error) {
	return s.receive(ctx, batch, s.sub.ReceiveBatch)
}

func (s *posttrollSource) Take(ctx context.Context, batch []Received) ([]Received, error) {
	return s.receive(ctx, batch, s.sub.TakeBatch)
}

func (s *posttrollSource) receive(ctx context.Context, batch []Received, from func(context.Context, []pubsub.Received) ([]pubsub.Received, error)) ([]Received, error) {
	room := cap(batch) - len(batch)
	s.batch = slices.Grow(s.batch[:0], room)[:0:room]
	got, err := from(ctx, s.batch)
	for i := range got {
		batch = append(batch, received(&got[i]))
	}
	clear(got)
	return batch, err
}

// received turns what the subscriber received into what routes take.
func received(got *pubsub.Received) Received {
	r := Received{Message: got.Message, Err: got.Err, From: got.From}
	if got.Message != nil {
		r.Frame = got.Message.Bytes()
	} else if bad, ok := errors.AsType[*pubsub.FrameError](got.Err); ok {
		r.Frame, r.Err = bad.Frame, bad.Err
	}
	return r
}

func (s *posttrollSource) SetTopics(topics []string) error { return s.sub.SetTopics(topics...) }

func (s *posttrollSource) Silent() uint64 { return s.sub.Stats().Silent }

// Peers counts those that are connected among those that are to be: of one that was left nobody need tell.
func (s *posttrollSource) Peers() (connected, all int) {
	wanted := make(map[string]bool)
	for _, addr := range s.sub.Addresses() {
		wanted[addr.URI] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(wanted)
	for at := range s.connected {
		if wanted[at.String()] {
			connected++
		}
	}
	return connected, len(wanted)
}

// forget forgets publishers that are wanted no more, when there are many. The caller holds mu.
func (s *posttrollSource) forget(wanted map[string]bool) {
	if len(s.connected) > 2*len(wanted)+keepLeft {
		maps.DeleteFunc(s.connected, func(at transport.Endpoint, _ bool) bool { return !wanted[at.String()] })
	}
	if len(s.told) > 2*len(wanted)+keepLeft {
		maps.DeleteFunc(s.told, func(at transport.Endpoint, _ linkNews) bool { return !wanted[at.String()] })
	}
}

// Missing are the publishers that are to be connected and are not.
func (s *posttrollSource) Missing() []string {
	missing := make(map[string]bool)
	for _, addr := range s.sub.Addresses() {
		missing[addr.URI] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := range s.connected {
		delete(missing, at.String())
	}
	return slices.Sorted(maps.Keys(missing))
}

// Connected tells whether the publisher at an address is.
func (s *posttrollSource) Connected(uri string) bool {
	at, err := transport.ConnectEndpoint(uri)
	s.mu.Lock()
	defer s.mu.Unlock()
	return err == nil && s.connected[at]
}

// keepLeft is the number of publishers, beyond those that are there, that are remembered after they were left.
const keepLeft = 100

func (s *posttrollSource) Close() error { return errors.Join(s.sub.Close(), closeAny(s.keys)) }

// topics are the beginnings of frames that a route wants, sorted, each once, none that another one covers.
type topics []string

// everyTopic covers all subjects, also those without a leading slash.
const everyTopic = message.Magic

// newTopics puts the magic in front of topics; none means all.
func newTopics(list []string) topics {
	if len(list) == 0 {
		return topics{everyTopic}
	}
	var all topics
	for _, t := range list {
		all = append(all, message.Topic(t))
	}
	return all.normal()
}

func (t topics) normal() topics {
	t = slices.Clone(t)
	slices.Sort(t)
	var kept topics
	for _, topic := range t {
		// What covers it comes before it.
		if len(kept) == 0 || !strings.HasPrefix(topic, kept[len(kept)-1]) {
			kept = append(kept, topic)
		}
	}
	return kept
}

// covers tells whether a frame begins with one of the topics.
func (t topics) covers(frame []byte) bool {
	for _, topic := range t {
		if len(topic) <= len(frame) && string(frame[:len(topic)]) == topic {
			return true
		}
	}
	return false
}
