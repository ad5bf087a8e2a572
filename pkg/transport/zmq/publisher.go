package zmq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

const (
	publisherLinger = 2 * time.Second
	// topicQueue is the number of subscriptions that libzmq's I/O thread hands over at once. libzmq takes them in for as long as there
	// are any, within whatever call comes next: with the usual queue, a subscriber that asks without end for topics that take long to
	// store keeps that call, and with it the publisher, from ever returning, and memory grows. With one the queue runs empty in between.
	topicQueue = 1
	// sweepDelay is how long after a Send the reader looks for subscriptions whose signal that Send may have taken.
	sweepDelay = 10 * time.Millisecond
	// readTime is how long subscriptions are taken in at most in the name of one who asks about them.
	readTime = 20 * time.Millisecond
)

// publisher is an XPUB socket: it tells of subscriptions, and is read for them.
type publisher struct {
	*socket
	endpoint transport.Endpoint

	// Under the socket's mu.
	guard    *guard             // nil: everybody may subscribe
	welcome  *welcome           // nil: newcomers get nothing
	tell     func(topic string) // of those who subscribe; nil: nobody
	topics   topics
	conns    clientConns // without a guard; otherwise they are the guard's
	greed    greed
	sweep    *time.Timer
	sweeping bool
	gathered gathered
	losses   *losses
	readTime time.Duration // of readTopics
}

var _ transport.Publisher = (*publisher)(nil)

// Publisher binds a publisher.
//
// Send hands the frame to libzmq at once, from the goroutine that calls it, and so never waits: libzmq's queue is one
// per subscriber, and a full one loses the frame for that subscriber.
func (t *Transport) Publisher(c transport.PublisherConfig) (transport.Publisher, error) {
	leave, err := t.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := errors.Join(checkServer(c.Endpoint, c.Backend, c.Security), c.Welcome.Check(c.Endpoint)); err != nil {
		return nil, fmt.Errorf("bind %s: %w", c.Endpoint, err)
	}
	welcome := newWelcome(&c)
	s, err := newSocket(t, zmq4.XPUB, welcome.batch(), wantFD|wantPeer|wantClient(c.Endpoint, c.Security))
	if err != nil {
		return nil, fmt.Errorf("bind %s: %w", c.Endpoint, err)
	}
	p := &publisher{socket: s, topics: newTopics(), conns: newClientConns(), welcome: welcome, tell: c.Subscribed, readTime: readTime}
	p.sweep = time.AfterFunc(time.Hour, p.kick)
	p.sweep.Stop()
	p.losses = newLosses(p)
	if err := p.open(c); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.watch(p.service)
	t.own(s, p.Close)
	t.inprocs.bind(p.endpoint)
	return p, nil
}

func (p *publisher) open(c transport.PublisherConfig) error {
	o, err := withDefaults(c.SocketOptions)
	if err != nil {
		return fmt.Errorf("bind %s: %w", c.Endpoint, err)
	}
	ports, err := newPortRange(c.MinPort, c.MaxPort)
	if err != nil {
		return fmt.Errorf("bind %s: %w", c.Endpoint, err)
	}
	o.MaxMessage = min(o.MaxMessage, maxTopic)
	err = errors.Join(
		setServer(p.zs, o),
		wrap("ZMQ_SNDHWM", p.zs.SetSndhwm(o.Queue)),
		wrap("ZMQ_RCVHWM", p.zs.SetRcvhwm(receiveQueue(topicQueue, isGuarded(c.Endpoint, c.Security)))),
		wrap("ZMQ_XPUB_VERBOSER", p.zs.SetXpubVerboser(1)),
		wrap("ZMQ_XPUB_NODROP", p.zs.SetXpubNodrop(!p.welcome.replays())),
	)
	p.losses.queue, p.losses.backend = o.Queue, c.Backend
	if err == nil {
		p.guard, err = p.protect(c.Endpoint, c.Backend, c.Security, o, zmq4.EVENT_ACCEPTED|zmq4.EVENT_DISCONNECTED)
		p.guard.noteEnds()
	}
	if err == nil {
		err = p.welcome.attach(p.socket, p.guard)
	}
	if err != nil {
		return fmt.Errorf("bind %s: %w", c.Endpoint, err)
	}
	if p.endpoint, err = bind(p.zs, c.Endpoint, binding{ports, c.Early, c.Listener}); err != nil {
		return err
	}
	if p.endpoint.Scheme() == "tcp" {
		p.port = p.endpoint.Port()
	}
	p.follow(p.guard, p.endpoint, p.tellConnection)
	return nil
}

func (p *publisher) Endpoint() transport.Endpoint { return p.endpoint }

func (p *publisher) Send(ctx context.Context, frame []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := p.lock(); err != nil {
		return err
	}
	defer p.mu.Unlock()
	full, err := p.welcome.sendFrame(p.raw, frame)
	if err != nil {
		return fmt.Errorf("send on %s: %w", p.endpoint, err)
	}
	p.sweepSoon()
	p.losses.sent(frame, full)
	return nil
}

// sweepSoon lets the reader look for subscriptions before long. The socket's mu is held.
func (p *publisher) sweepSoon() {
	if !p.sweeping {
		p.sweeping = true
		p.sweep.Reset(sweepDelay)
	}
}

// service takes in subscriptions. Others have their turn between batches.
func (p *publisher) service() {
	for more := true; more; {
		if p.lock() != nil {
			return
		}
		p.sweeping = false
		if more = p.readBatch(); !more {
			p.sweepLate()
		}
		p.mu.Unlock()
	}
}

// readTopics takes in the subscriptions that have come. When they take longer than readTime, as where peers come and go that ask for very many topics, the reader
// takes in the rest, with turns for others in between. The socket's mu is held.
func (p *publisher) readTopics() {
	for begin := time.Now(); p.readBatch(); {
		if time.Since(begin) >= p.readTime {
			p.sweepSoon()
			return
		}
	}
}

// readBatch takes in some subscriptions and tells whether there may be more. The socket's mu is held.
func (p *publisher) readBatch() (more bool) {
	if !p.welcome.beforeRead(p.topics.count) {
		p.age(time.Now())
		return false
	}
	more, err := p.batch.recv(p.raw)
	if err != nil {
		p.log.Error("subscriptions can't be read", zap.Stringer("uri", p.endpoint), zap.Error(err))
		return false
	}
	left := false
	for part := range p.batch.parts() {
		p.take(part)
		left = left || part.fd < 0 // libzmq itself takes back what one had asked for that has gone
	}
	if left {
		p.losses.left()
	}
	p.welcome.note(p.topics.count)
	p.topics.announce()
	if !more {
		p.batch.release()
		p.age(time.Now())
	}
	return more
}

// take applies a subscription, or its end, and cuts a subscriber that has too many.
func (p *publisher) take(part part) {
	topic, subscribed, ok := parseSubscription(part.data)
	if !ok {
		p.welcome.stray(part)
		return
	}
	c := p.connOf(part)
	if asked := p.askedOf(part, c); asked != nil && !asked.apply(topic, subscribed) {
		return
	}
	// A topic of one who is admitted no more counts too, for a moment: libzmq serves it until the connection is cut, and tells of its end.
	p.topics.apply(topic, subscribed)
	if subscribed && p.tell != nil {
		p.tell(string(topic))
	}
	if c != nil && c.topics.tooMuch() {
		p.cutGreedy(part.fd, c)
	}
	if p.topics.tooMuch() {
		p.makeRoom(time.Now())
	}
	p.welcome.take(part, topic, subscribed)
}

// connOf returns the connection that a subscription has come over; nil when it is not known.
func (p *publisher) connOf(part part) *clientConn {
	if p.guard != nil {
		c, _, _ := p.guard.accept(part)
		return c
	}
	if part.fd < 0 {
		return nil
	}
	c := p.conns.find(part)
	if c == nil {
		// The end of the connection that had the descriptor before was told before that could be used again. Taken in later it would pass for the end of this one.
		p.readConnections(p.tellConnection)
		c = p.conns.enter(part, time.Now())
	}
	return c
}

// askedOf returns what the connection has asked for that p has come over, also where it has gone; nil where that is not known.
func (p *publisher) askedOf(part part, c *clientConn) *topicSet {
	switch {
	case c != nil:
		return &c.topics
	case p.guard == nil || part.fd < 0:
		return nil
	}
	return p.guard.gone.of(part.fd, string(part.user))
}

// tellConnection takes in that a connection begins or has ended. The socket's mu is held.
func (p *publisher) tellConnection(fd int, begins bool) {
	if begins {
		p.conns.open[fd] = struct{}{}
		return
	}
	p.conns.leave(fd, time.Now())
	p.sweepLate()
}

// age is called when there is nothing to be read.
func (p *publisher) age(now time.Time) {
	if p.guard != nil {
		p.guard.gone.age(now)
	} else {
		p.conns.age(now)
	}
}

// sweepLate lets the reader look once more when what connections have left behind can be forgotten, if there is something. The socket's mu is held.
func (p *publisher) sweepLate() {
	if !p.sweeping && (p.conns.leaving || p.guard != nil && p.guard.gone.some()) {
		p.sweep.Reset(goneTime)
	}
}

func (p *publisher) WaitSubscribed(ctx context.Context, topic string, n int) error {
	return transport.WaitSubscribed(ctx, p, topic, n)
}

func (p *publisher) Subscriptions() []transport.Subscription {
	if p.lock() != nil {
		return nil
	}
	p.readTopics()
	list := p.topics.list()
	p.mu.Unlock()
	sortTopics(list)
	return list
}

func (p *publisher) Covers(frame []byte) bool {
	if p.lock() != nil {
		return false
	}
	defer p.mu.Unlock()
	p.readTopics()
	return p.topics.covers(frame)
}

func (p *publisher) NextSubscriptions(ctx context.Context, known []transport.Subscription) ([]transport.Subscription, error) {
	first := known == nil || len(known) > 0 && known[0].Count < 0 // nil, or as [transport.WaitSubscribed] begins
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.lock(); err != nil {
			return nil, err
		}
		p.readTopics()
		begin := time.Now()
		if rest := p.topics.due.Sub(begin); rest > 0 && !first {
			p.mu.Unlock()
			p.sleep(ctx, rest)
			continue
		}
		now, changed := p.topics.list(), p.topics.changed
		p.topics.rest(begin, time.Since(begin))
		p.mu.Unlock()
		first = false
		sortTopics(now)
		if !slices.Equal(now, known) {
			return now, nil
		}
		select {
		case <-changed:
		case <-p.done:
		case <-ctx.Done():
		}
	}
}

// sleep waits for a time, or until ctx ends, or the publisher.
func (p *publisher) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.done:
	case <-ctx.Done():
	}
}

func (p *publisher) Clients() []transport.Client {
	if p.lock() != nil {
		return nil
	}
	defer p.mu.Unlock()
	p.readTopics()
	if p.guard != nil {
		return p.guard.clients()
	}
	return p.conns.subscribers()
}

// connections are those that are known, by their descriptors; some may have gone. The socket's mu is held.
func (p *publisher) connections() map[int]*clientConn {
	if p.guard != nil {
		return p.guard.conns.byFD
	}
	return p.conns.byFD
}

func (p *publisher) Stats() transport.PublisherStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return transport.PublisherStats{Access: p.guard.accessStats(), Cut: p.greed.cuts, Loss: p.losses.total(), Welcomed: p.welcome.count()}
}

func (p *publisher) Close() error {
	p.sweep.Stop()
	p.losses.timer.Stop()
	p.owner.inprocs.unbind(p.endpoint)
	p.guard.close()
	err := wrap(fmt.Sprintf("publisher %s", p.endpoint), p.close(publisherLinger))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns.drop()
	return err
}
