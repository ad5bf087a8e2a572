package zmq

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

const (
	// replyQueue is the number of replies that libzmq holds for one peer. A peer that asks without reading gets no more, and of those that are long mostOfClient.
	// libzmq tells of the room that there is again when half of it is: with a queue of two that wakes the receiver after each reply, once more than the request does.
	replyQueue = 16
	// requestQueue is the number of requests that libzmq holds for one peer; then that peer has to wait. Each may be as long as MaxMessage, and hundreds of peers may
	// fill theirs: the fewer the better. But of the room that there is again libzmq tells when half of the queue has been taken, which wakes its thread: a client that asks
	// for one name after the other costs 8 % less of the processor with 16 than with 4, and 5 % less with 8.
	requestQueue = 8
)

// replier is a ROUTER socket: unlike REP, it owes no peer anything.
type replier struct {
	*socket
	endpoint transport.Endpoint
	alarm    *alarm
	minded   *os.File      // a second signal, of inproc
	seat     chan struct{} // has a value while somebody receives
	busy     busy          // of whoever sits there

	// Under the socket's mu.
	asleep bool   // the receiver waits for the signal, and has found nothing before
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
	r := &replier{seat: make(chan struct{}, 1), next: newAssembler()}
	r.socket, err = newSocketSignalled(t, zmq4.ROUTER, batchFrames, wantPeer|wantClient(cfg.Endpoint, cfg.Security), r.signalled)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bind %s: %w", cfg.Endpoint, err), r.alarm.free())
	}
	if r.flight, err = newFlight(cfg.MaxInFlight); err != nil {
		return nil, errors.Join(fmt.Errorf("bind %s: %w", cfg.Endpoint, err), r.Close())
	}
	if err := r.open(cfg); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if r.endpoint.Scheme() == "inproc" {
		if err := r.mind(); err != nil {
			return nil, errors.Join(fmt.Errorf("bind %s: %w", cfg.Endpoint, err), r.Close())
		}
	}
	t.own(r.socket, r.Close)
	t.inprocs.bind(r.endpoint)
	return r, nil
}

// mind takes note, while nobody receives, that peers of this process close: they cannot before it has.
func (r *replier) mind() (err error) {
	if r.minded, err = newSignal(r.zs); err != nil {
		return err
	}
	r.watchFile(r.minded, func() {
		if r.lock() != nil {
			return
		}
		readable := processCommands(r.raw)
		r.mu.Unlock()
		if readable {
			r.kick() // that was the receiver's signal
		}
	})
	r.reader.Go(func() {
		<-r.done
		kick(r.minded)
	})
	return nil
}

// signalled makes the alarm.
func (r *replier) signalled(zs *zmq4.Socket) (_ *os.File, err error) {
	if r.alarm, err = newAlarm(zs); err != nil {
		return nil, err
	}
	return r.alarm.File, nil
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
		r.guard, err = r.protect(cfg.Endpoint, cfg.Backend, cfg.Security, o, zmq4.EVENT_DISCONNECTED)
	}
	if err != nil {
		return fmt.Errorf("bind %s: %w", cfg.Endpoint, err)
	}
	if r.endpoint, err = bind(r.zs, cfg.Endpoint, binding{listener: cfg.Listener}); err != nil {
		return err
	}
	r.follow(r.guard, r.endpoint, func(int, bool) {})
	return nil
}

func (r *replier) Endpoint() transport.Endpoint { return r.endpoint }

func (r *replier) Reply(req transport.Request, frame []byte) error {
	to, ok := req.Token.(*envelope)
	if !ok {
		return fmt.Errorf("reply on %s: not a request of this transport", r.endpoint)
	}
	if err := r.lock(); err != nil {
		return err
	}
	defer r.mu.Unlock()
	if r.flight.greedy(to.client(), len(frame)) {
		r.stats.Dropped++
		return nil
	}
	in, ok := r.flight.take(req.From, to.client(), len(frame))
	if !ok {
		r.stats.Dropped++
		r.stats.Overflow++
		return nil
	}
	readable, err := sendMessage(r.raw, to.bytes, to.sizes, frame, &in, r.asleep)
	if readable {
		r.kick()
	}
	if len(frame) >= largeBytes {
		heap.soon() // its memory is kept for a moment, also where it was not sent
	}
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENOMEM):
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
	if r.minded != nil {
		err = errors.Join(err, r.minded.Close())
		r.minded = nil
	}
	return errors.Join(err, r.alarm.free())
}
