package pubsub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/discovery"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// AllServices among the services of a subscriber means every publisher that a nameserver knows.
const AllServices = ""

// DefaultMaxQueued is the default of [SubscriberOptions.MaxQueued]: 256 MiB.
const DefaultMaxQueued = 256 << 20

// SubscriberOptions say what a subscriber receives. Python posttroll's Subscriber is one without Services, its NSSubscriber and
// Subscribe ones with.
type SubscriberOptions struct {
	// Addresses are connected to from the start and stay, whatever nameservers tell. [URIs] makes them from texts.
	Addresses []Address
	// Services are looked up by name or alias; [AllServices] among them: all there are. Default: none.
	Services []string
	// Nameservers that know the services: host, host:port or any ZeroMQ endpoint. Default: localhost. None has to be up when
	// the subscriber starts.
	Nameservers []string
	// LookupOnly looks up each service until it is found once, and then no more: publishers that come later, or elsewhere, are
	// missed (addr_listener=False of Python posttroll).
	LookupOnly bool
	// LookupTimeout is the time after which a lookup that found nothing is worth a warning; it goes on. Default 10 s.
	LookupTimeout time.Duration

	// Topics are the beginnings of subjects that are subscribed to. Nil: every subject with a leading slash, and with Services every
	// subject at all. Empty but not nil: nothing.
	Topics []string
	// Filter drops messages for which it is false. It runs in the goroutine that receives.
	Filter func(*message.Message) bool
	// Translate replaces the host of the sender by that of the address at which the publisher was reached.
	Translate bool
	// Attribute fills [Received].From, at a small price per message. Translate does so too.
	Attribute bool
	// Recycle lets messages share memory that is used again: one that was received, and every string and slice that it gave out, is valid until the next
	// one, or with ReceiveBatch and TakeBatch the next batch, is received. It is for programs that pass on very many messages and keep none. Hooks get messages
	// of their own. Default: messages stay as they are for ever.
	Recycle bool
	// Duplicates drops messages that have come already within a window, whichever publisher they came from: with two relays side by side each message is
	// received once. They are looked at as they came in, before Translate and Filter. What hooks get is not looked at. Nil: they pass.
	Duplicates *dedup.Config
	// SilenceFactor is by how much the interval that the heartbeats of a publisher announce (min_interval) may be exceeded: when nothing at all
	// has come from it for that interval times the factor, and for 5 s at least, it is reconnected, which is logged and counted; not again
	// before its next heartbeat, and the time doubles, up to 64 times, until the publisher has kept to its interval. With it the subscriber
	// subscribes to heartbeats too; those that Topics do not cover are dropped. While received messages wait for the program nobody is taken for
	// silent. 1 to 1000; 3 is sensible. Default 0: publishers are left alone.
	SilenceFactor float64
	// Accept is asked about each publisher that was found by name. An error is logged once and the publisher passed over, until it is
	// announced with other data. It must not block. Default: all are accepted.
	Accept func(discovery.Entry) error
	// Found is told of each publisher that was found by name and is to be connected to: when it is, again when it announces other data, and, with there
	// false, when it is left. Calls come one at a time. It must not block, nor call the subscriber. Default: nobody is.
	Found func(e discovery.Entry, there bool)
	// Timeout is how long receiving waits for a message before it returns [ErrTimeout]; nothing but a message that is
	// returned ends the wait. Default: for ever.
	Timeout time.Duration

	// Backend is how publishers speak that do not tell. Default: that of the settings.
	Backend transport.Backend
	// MaxQueued bounds the bytes of received messages that the program has not taken yet. At the bound the
	// socket is not read any more, and the queues of the publishers fill. Default 256 MiB.
	MaxQueued int64
	// Queue is the number of messages held for one publisher below that, when the bound is reached, whatever their size. Default 500.
	Queue int
	// Decoder has the limits for messages.
	Decoder message.Decoder
	// Events is told about connections, failed handshakes and their reasons among them, which are also logged. It must not block. Default:
	// nobody is.
	Events func(transport.Event)
}

// Subscriber receives messages from publishers that are given, found by name, or added later.
type Subscriber struct {
	node      *Node
	log       *zap.Logger
	backend   transport.Backend
	filter    func(*message.Message) bool
	translate bool
	accept    func(discovery.Entry) error // nil: everything
	tellFound func(discovery.Entry, bool) // nil: nobody
	timeout   time.Duration
	decoder   message.Decoder
	window    *dedup.Window // nil: duplicates pass
	config    transport.SubscriberConfig
	slab      *slab // nil: each message has memory of its own

	main  *source
	peers peers

	// Of the goroutine that receives.
	busy atomic.Bool
	hand batch
	full bool               // the last batch was as much as the queue holds
	from transport.Endpoint // of the frame that was taken last
	// What frames that are no message have used up of the timeout since the last message.
	waited time.Duration

	wake    waker
	counts  counts
	bad     badFrames
	refused refusals
	missing missing
	listed  listed
	// Those of listed that could not be connected to.
	unconnected unconnected

	events     func(transport.Event) // of the program; nil: it wants none
	handshakes handshakes
	silence    *silence

	closed <-chan struct{}
	stop   context.CancelFunc // closes closed
	wg     sync.WaitGroup     // pumps and the follower

	mu    sync.Mutex
	sides []*source // hooks, and other topic sets
	ready []batch   // of sides, to be handled by the goroutine that receives
}

// Subscriber connects a subscriber to its addresses and starts to look for its services. Errors name the address and the
// cause; that nobody answers is none.
func (n *Node) Subscriber(o SubscriberOptions) (*Subscriber, error) {
	s, err := n.subscriber(o)
	if err != nil {
		return nil, fmt.Errorf("subscriber: %w", err)
	}
	return s, nil
}

func (n *Node) subscriber(o SubscriberOptions) (_ *Subscriber, err error) {
	if o.Backend == "" {
		o.Backend = n.settings.Backend
	}
	if o.MaxQueued <= 0 {
		o.MaxQueued = DefaultMaxQueued
	}
	if o.Timeout < 0 || o.LookupTimeout < 0 {
		return nil, errors.New("a timeout below zero")
	}
	if err := checkSilenceFactor(o.SilenceFactor); err != nil {
		return nil, err
	}
	var window *dedup.Window
	if o.Duplicates != nil {
		if window, err = dedup.New(*o.Duplicates); err != nil {
			return nil, fmt.Errorf("duplicates: %w", err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Subscriber{
		node:      n,
		log:       n.log,
		backend:   o.Backend,
		filter:    o.Filter,
		translate: o.Translate,
		accept:    o.Accept,
		tellFound: o.Found,
		timeout:   o.Timeout,
		decoder:   o.Decoder,
		window:    window,
		events:    o.Events,
		silence:   newSilence(o.SilenceFactor),

		unconnected: newUnconnected(),
		config: transport.SubscriberConfig{
			Attribute: o.Translate || o.Attribute || o.SilenceFactor > 0,
			Recycle:   o.Recycle,
			// One half waits in the transport, the other is what was taken from it in one go.
			MaxQueued:     max(o.MaxQueued/2, 1),
			SocketOptions: n.socket(o.Queue),
		},
		closed: ctx.Done(),
		stop:   stop,
	}
	s.config.Events = s.event
	if o.Recycle {
		s.slab = &slab{}
	}
	topics := defaultTopics(o)
	if o.Topics != nil {
		topics = newTopicSet(o.Topics)
	}
	if s.main, err = s.newSource(topics); err != nil {
		stop()
		return nil, err
	}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start connects to what is given and begins to look for services, until ctx ends.
func (s *Subscriber) start(ctx context.Context, o SubscriberOptions) error {
	if s.silence.on() {
		s.wg.Go(s.watchSilence)
	}
	for _, addr := range o.Addresses {
		if err := s.Add(addr); err != nil {
			return err
		}
	}
	if len(o.Services) == 0 {
		return nil
	}
	return s.follow(ctx, o)
}

// SetTopics replaces the topics without leaving a publisher: new ones are subscribed to before old ones are given up. Messages that
// are received already and match no new topic are dropped. Addresses that were added with topics of their own keep those.
func (s *Subscriber) SetTopics(topics ...string) error {
	if err := s.main.setTopics(newTopicSet(topics)); err != nil {
		return fmt.Errorf("set topics: %w", err)
	}
	if len(topics) == 0 {
		s.silence.forgetAll() // who is asked for nothing is silent
	}
	return nil
}

// Close leaves the publishers and drops what is queued. A goroutine that receives is told at once. Close waits for what the
// subscriber runs, but not for that goroutine, so a hook or the body of a loop may call it.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	first := !s.isClosed()
	s.stop()
	sides := s.sides
	s.mu.Unlock()

	var errs []error
	if first {
		for _, source := range slices.Concat(sides, []*source{s.main}) {
			errs = append(errs, source.Close())
		}
	}
	s.wg.Wait()
	return errors.Join(errs...)
}

// event takes in what happened to a connection.
func (s *Subscriber) event(e transport.Event) {
	if !s.isClosed() {
		s.handshakes.event(s.log, e)
		s.silence.event(e, time.Now())
	}
	if s.events != nil {
		s.events(e)
	}
}

func (s *Subscriber) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}
