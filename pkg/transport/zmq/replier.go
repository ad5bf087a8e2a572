package zmq

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

const (
	// replyQueue is the number of replies that libzmq holds for one peer. A peer that asks without reading gets no more.
	replyQueue = 2
	// requestQueue is the number of requests that libzmq holds for one peer; then that peer has to wait.
	requestQueue = 16
	// maxRequests bounds the bytes of the requests that wait for Receive, itemCost for each of them among these; then all peers have to wait. It is little, some
	// 2,700 lookups, since what waits here is taken in the order in which it came: who floods us would have all others wait behind what it has sent. libzmq in
	// front of it takes one request of each connection after the other.
	maxRequests = 512 << 10
)

// replier is a ROUTER socket: unlike REP, it owes no peer anything.
type replier struct {
	*socket
	endpoint transport.Endpoint
	in       *inbox[transport.Request]

	// Under the socket's mu.
	guard  *guard // nil: everybody may ask
	next   *assembler
	flight *flight
	stats  transport.ReplierStats
}

var _ transport.Replier = (*replier)(nil)

// Replier binds a socket that answers REQ and DEALER sockets. Where the keep-alive settings leave it to the system it is
// on, with probes after two minutes of silence: the connections of clients that vanished would stay for ever.
func (t *Transport) Replier(cfg transport.ReplierConfig) (transport.Replier, error) {
	leave, err := t.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := checkServer(cfg.Endpoint, cfg.Backend, cfg.Security); err != nil {
		return nil, fmt.Errorf("bind %s: %w", cfg.Endpoint, err)
	}
	s, err := newSocket(t, zmq4.ROUTER, batchFrames, wantPeer|wantClient(cfg.Endpoint, cfg.Security))
	if err != nil {
		return nil, fmt.Errorf("bind %s: %w", cfg.Endpoint, err)
	}
	r := &replier{socket: s, next: newAssembler()}
	if r.flight, err = newFlight(cfg.MaxInFlight); err != nil {
		return nil, errors.Join(fmt.Errorf("bind %s: %w", cfg.Endpoint, err), r.Close())
	}
	r.in = newInbox[transport.Request](maxRequests, s.kick, s.done)
	if err := r.open(cfg); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.watch(r.service)
	t.own(s, r.Close)
	t.inprocs.bind(r.endpoint)
	return r, nil
}

func (r *replier) open(cfg transport.ReplierConfig) error {
	receive := cfg.Queue
	if receive == 0 {
		receive = requestQueue
	}
	if cfg.MaxInFlight < 0 {
		return fmt.Errorf("bind %s: %d bytes of replies in flight: want more than 0", cfg.Endpoint, cfg.MaxInFlight)
	}
	o, err := withDefaults(cfg.SocketOptions)
	if err != nil {
		return fmt.Errorf("bind %s: %w", cfg.Endpoint, err)
	}
	if o.KeepAlive == (transport.KeepAlive{}) {
		o.KeepAlive = serverKeepAlive
	}
	err = errors.Join(
		setServer(r.zs, o),
		wrap("ZMQ_SNDHWM", r.zs.SetSndhwm(min(o.Queue, replyQueue))),
		wrap("ZMQ_RCVHWM", r.zs.SetRcvhwm(receiveQueue(receive, isGuarded(cfg.Endpoint, cfg.Security)))),
		wrap("ZMQ_ROUTER_MANDATORY", r.zs.SetRouterMandatory(1)),
	)
	if err == nil {
		r.guard, err = r.protect(cfg.Endpoint, cfg.Backend, cfg.Security, o)
	}
	if err != nil {
		return fmt.Errorf("bind %s: %w", cfg.Endpoint, err)
	}
	if r.endpoint, err = bind(r.zs, cfg.Endpoint, binding{listener: cfg.Listener}); err != nil {
		return err
	}
	r.guard.start(r.endpoint)
	return nil
}

func (r *replier) Endpoint() transport.Endpoint { return r.endpoint }

// service reads what has come, until there is no more or the inbox is full.
func (r *replier) service() {
	for more := true; more; {
		if r.lock() != nil {
			return
		}
		more = r.readBatch()
		r.mu.Unlock()
	}
}

func (r *replier) readBatch() bool {
	if r.in.full() {
		return false
	}
	more, err := r.batch.recv(r.raw)
	if err != nil {
		r.log.Error("receive", zap.Stringer("uri", r.endpoint), zap.Error(err))
		return false
	}
	var requests []transport.Request
	bytes := int64(0)
	for p := range r.batch.parts() {
		request, done, ok := r.next.add(p)
		if ok && r.guard != nil {
			if _, request.Identity, ok = r.guard.accept(p); !ok {
				continue // of one who is admitted no more
			}
		}
		switch {
		case ok:
			requests = append(requests, request)
			bytes += int64(len(request.Body))
		case done:
			r.stats.Malformed++
		}
	}
	r.stats.Received += uint64(len(requests))
	r.in.put(requests, bytes, nil)
	if !more {
		r.batch.release()
	}
	return more
}

func (r *replier) Receive(ctx context.Context) ([]transport.Request, error) { return r.in.receive(ctx) }

func (r *replier) Reply(req transport.Request, frame []byte) error {
	to, ok := req.Token.(*envelope)
	if !ok {
		return fmt.Errorf("reply on %s: not a request of this transport", r.endpoint)
	}
	if err := r.lock(); err != nil {
		return err
	}
	defer r.mu.Unlock()
	all, source, ok := r.flight.take(req.From, len(frame))
	if !ok {
		r.stats.Dropped++
		r.stats.Overflow++
		return nil
	}
	readable, err := sendMessage(r.raw, to.bytes, to.sizes, frame, all, source)
	if readable {
		r.kick()
	}
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EHOSTUNREACH):
		r.stats.Dropped++
	case err != nil:
		return fmt.Errorf("reply on %s: %w", r.endpoint, err)
	}
	return nil
}

func (r *replier) Stats() transport.ReplierStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.InFlight = r.flight.bytes()
	s.Access = r.guard.accessStats()
	return s
}

// Close closes the replier. Replies that were sent go out within two seconds or not at all.
func (r *replier) Close() error {
	r.owner.inprocs.unbind(r.endpoint)
	r.guard.close()
	err := wrap(fmt.Sprintf("replier %s", r.endpoint), r.close(publisherLinger))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flight.close()
	return err
}
