package zmq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// watched are the events of connections that we open. libzmq comes back by itself after most failures, but gives a
// connection up for good where the peer breaks the protocol, refuses our key, or sends a message above the limit, and
// does not say which it was: so a connection that does not come back in time is made anew.
const watched = zmq4.EVENT_CONNECTED | zmq4.EVENT_DISCONNECTED | zmq4.EVENT_HANDSHAKE_SUCCEEDED |
	zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq4.EVENT_HANDSHAKE_FAILED_AUTH

// connector is a socket that connects to many peers and takes single frames from them: SUB or PULL.
type connector struct {
	*socket
	opts    transport.SocketOptions
	in      *inbox
	notify  func(transport.Event)
	lookups sync.WaitGroup
	ctx     context.Context // ends with the socket
	cancel  context.CancelFunc

	presence *presence
	reading  sync.Mutex // held by who waits for the signal and reads
	pressure *pressure

	// Counted by who reads.
	received, multipart atomic.Uint64

	// Under the socket's mu.
	links     map[transport.Endpoint]*link
	near      int // links to publishers of this process
	conns     map[string]*conn
	owners    owners
	news      chunk             // scratch of one batch
	store     *frameStore       // where frames are copied to; nil: each to memory of its own
	refusing  bool              // in the middle of a message of several frames
	secured   bool              // the options of the socket are those of a secure connection
	events    []transport.Event // to be told
	afterward []pending         // to be done when the queues are empty
}

// pending is what waits until what has arrived is read: all, or so many frames that it must have been among them.
type pending struct {
	budget int
	do     func()
}

func newConnector(t *Transport, kind zmq4.Type, cfg transport.SubscriberConfig) (*connector, error) {
	cfg.Queue = cmp.Or(cfg.Queue, connectQueue)
	o, err := withDefaults(cfg.SocketOptions)
	if err != nil {
		return nil, err
	}
	want := 0
	if cfg.Attribute {
		want = wantFD
	}
	s, err := newSocket(t, kind, batchFrames, want)
	if err != nil {
		return nil, err
	}
	c := &connector{
		socket:   s,
		opts:     o,
		notify:   cfg.Events,
		links:    make(map[transport.Endpoint]*link),
		conns:    make(map[string]*conn),
		pressure: newPressure(),
		news:     chunk{frames: make([]transport.Frame, 0, batchFrames)},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.in = newInbox(cfg.MaxQueued, s.kick)
	if cfg.Recycle {
		c.store = &frameStore{}
		c.in.recycle = putBack
	}
	err = errors.Join(
		setClient(s.zs, o, t.heartbeat),
		wrap("ZMQ_SNDHWM", s.zs.SetSndhwm(0)), // subscriptions above it would be lost
		// Once and for all. Setting it tells every connection, up to libzmq 4.3.5 also one that has gone and whose memory is free, which ends the process; and
		// a peer that waits for room may wait for ever when it grows.
		wrap("ZMQ_RCVHWM", s.zs.SetRcvhwm(o.Queue)),
		s.openMonitor(watched),
	)
	if err != nil {
		return nil, errors.Join(err, c.shutdown())
	}
	t.inprocs.follow(c)
	c.presence = newPresence(c.programLeft)
	c.reader.Go(c.standIn)
	c.watchFile(s.monitor.signal, c.tellEvents)
	return c, nil
}

// connect adds a peer; see transport.Subscriber.
func (c *connector) connect(addr transport.Address) error {
	addr, err := checkAddress(addr, c.opts.ClientKey)
	if err != nil {
		return err
	}
	if err := c.lock(); err != nil {
		return err
	}
	defer c.unlock()
	if l, ok := c.links[addr.Endpoint]; ok {
		if l.addr != addr {
			return fmt.Errorf("connect %s: %w", addr, errOtherSecurity)
		}
		return nil
	}
	if limit := fileLimit(); uint64(len(c.links))+fileReserve >= limit {
		return fmt.Errorf("connect %s: %d connections need more than the %d open files allowed (LimitNOFILE, ulimit -n)",
			addr.Endpoint, len(c.links)+1, limit)
	}
	ctx, cancel := context.WithCancel(c.ctx)
	l := &link{addr: addr, cancel: cancel, lost: make(chan struct{}, 1)}
	if target := target(addr.Endpoint); target != "" {
		if err := c.attach(l, target); err != nil {
			cancel()
			return err
		}
	} else {
		c.lookups.Go(func() { c.follow(ctx, l) })
	}
	c.links[addr.Endpoint] = l
	c.countNear(addr.Endpoint, 1)
	return nil
}

// countNear counts the links to publishers of this process.
func (c *connector) countNear(e transport.Endpoint, more int) {
	if e.Scheme() == "inproc" {
		c.near += more
		c.presence.setHurry(c.near > 0)
	}
}

// fileReserve are the open files left for everything but connections.
const fileReserve = 64

// disconnect drops a peer; see transport.Subscriber.
func (c *connector) disconnect(addr transport.Address) error {
	if err := c.lock(); err != nil {
		return err
	}
	defer c.unlock()
	l, ok := c.links[addr.Endpoint]
	if !ok {
		return nil
	}
	delete(c.links, addr.Endpoint)
	c.countNear(addr.Endpoint, -1)
	l.cancel()
	c.detach(l)
	return nil
}

// afterDraining calls do when what has arrived by now was read: at once, as a rule; later, when the inbox is full.
func (c *connector) afterDraining(do func()) {
	c.afterward = append(c.afterward, pending{budget: c.drainBudget(), do: do})
	for len(c.afterward) > 0 && c.readBatch() {
	}
}

// drainBudget is a number of frames that what has arrived by now is among.
func (c *connector) drainBudget() int { return c.opts.Queue*len(c.conns) + 2*batchFrames }

// unlock ends what began with lock and used the socket.
func (c *connector) unlock() {
	news := len(c.events) > 0
	c.mu.Unlock()
	c.kick()
	if news {
		kick(c.monitor.signal)
	}
}

// readBatch moves what has come to the inbox. It returns false when there is no more now, or no room.
func (c *connector) readBatch() bool {
	if c.in.full() {
		return false
	}
	ended := len(c.owners.ended)
	more, err := c.batch.recv(c.raw)
	if err != nil {
		c.log.Error("receive", zap.Error(err))
		return false
	}
	n := c.batch.len()
	c.takeIn()
	if !more {
		c.batch.release()
		c.owners.drained(ended)
	}
	c.runPending(n, !more)
	return more
}

// runPending does what waited for the queues to be read.
func (c *connector) runPending(frames int, drained bool) {
	if len(c.afterward) == 0 {
		return
	}
	waiting := c.afterward
	c.afterward = nil
	for _, p := range waiting {
		if p.budget -= frames; drained || p.budget <= 0 {
			p.do()
		} else {
			c.afterward = append(c.afterward, p)
		}
	}
}

// takeIn moves the messages of the batch to the inbox. Those from a publisher of this process may share memory that many stand in, and are not kept.
func (c *connector) takeIn() {
	if c.batch.want&wantFD != 0 {
		// Connections are told of before their first message can be read. A new one may have the descriptor of one whose end is not known yet.
		c.readEvents()
	}
	news := &c.news
	keep := c.store == nil && c.near == 0 && !c.presence.isHere()
	for p := range c.batch.parts() {
		if c.refuse(p) {
			continue
		}
		news.frames = append(news.frames, transport.Frame{Body: c.body(p, keep), From: c.from(p.fd)})
		news.bytes += int64(len(p.data))
	}
	news.blocks = c.store.full()
	c.received.Add(uint64(len(news.frames)))
	c.in.put(*news)
	clear(news.frames)
	*news = chunk{frames: news.frames[:0], kept: news.kept[:0]}
}

// body copies the frame that comes next, unless it is to be kept and is large.
func (c *connector) body(p part, keep bool) []byte {
	if keep && len(p.data) > keptBytes {
		if msg := p.keep(); msg != nil {
			c.news.kept = append(c.news.kept, kept{at: len(c.news.frames), msg: msg})
			return p.data
		}
	}
	return c.store.clone(p.data)
}

// refuse tells whether p is part of a message of several frames, and counts those.
func (c *connector) refuse(p part) bool {
	if p.more && !c.refusing {
		c.multipart.Add(1)
	}
	refused := p.more || c.refusing
	c.refusing = p.more
	return refused
}

// from is the endpoint of the connection with that descriptor.
func (c *connector) from(fd int) transport.Endpoint {
	if fd < 0 {
		return transport.Endpoint{}
	}
	cn := c.owners.of(fd)
	if cn == nil || len(cn.links) == 0 {
		return transport.Endpoint{}
	}
	return cn.links[0].addr.Endpoint
}

// shutdown closes the socket and waits for all that works for it.
func (c *connector) shutdown() error {
	c.cancel()
	if c.presence != nil {
		c.presence.stop()
	}
	c.owner.inprocs.unfollow(c)
	c.mu.Lock()
	for _, cn := range c.conns {
		if cn.timer != nil {
			cn.timer.Stop()
		}
	}
	c.mu.Unlock()
	err := c.close(0)
	c.in.discard()
	c.pressure.stop()
	c.lookups.Wait()
	c.mu.Lock()
	for _, cn := range c.conns {
		cn.tap.end()
	}
	c.mu.Unlock()
	return err
}
