package zmq

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

const (
	defaultMaxSockets = 4096
	defaultHeartbeat  = 30 * time.Second
)

// Options configure a [Transport]. The zero value is usable.
type Options struct {
	// Logger is told what no error and no event tells. Nil: none.
	Logger *zap.Logger
	// MaxSockets bounds the libzmq sockets that are open at once (ZMQ_MAX_SOCKETS). Each subscriber, publisher and replier
	// takes three, each request three for as long as it lasts, and all together three more when one of them is secure or has
	// a gate. Default 4096.
	MaxSockets int
	// Heartbeat is the interval of ZMTP pings where we connect. A connection whose other host acknowledges nothing for four
	// intervals is given up, and made anew. From 10 ms to an hour; default 30 s; negative: off.
	Heartbeat time.Duration
	// MaxConnections bounds the connections that peers have made to all bound sockets together; further ones are closed as soon as they are there, and
	// counted (LimitStats). Default: 7/8 of the files that the process may have open, 16384 at most. Linux, in executables; see the
	// package comment.
	MaxConnections int
	// MaxPerSource bounds those from one address, of IPv6 from one network of 64 bits, so that one host does not take what others need. When three quarters
	// of MaxConnections are taken an address gets more only while it has fewer than are free, so that several don't either. Default: half of MaxConnections. Linux, in executables.
	MaxPerSource int
	// Trimmed is called two seconds or more after connections have ended, of this transport or another one of the process, once the C library has been told to give
	// back what is free; a program may have Go do so there, too. As a rule both together take no more than 0.5 % of the time. It must not use the transport, and may be called once
	// more while that closes. Nil: nothing is.
	Trimmed func()
}

// Transport is a ZeroMQ context of its own and its sockets.
type Transport struct {
	log        *zap.Logger
	maxSockets int
	heartbeat  time.Duration // 0: off
	pace       pace
	ctx        *zmq4.Context
	inprocs    *inprocs
	keys       keyMemory    // of requests
	taps       atomic.Int64 // that are open, of handshakes
	answerTaps atomic.Int64 // that are open, of connections that an answer is to come on
	once       sync.Once
	warnOnce   sync.Once
	limits     *limits

	// running ends when the transport closes; requests wait for it.
	running context.Context
	stop    context.CancelFunc

	// entered counts the calls that make or use a socket that is not in closers.
	entered sync.WaitGroup

	authMu sync.Mutex
	auth   *authenticator // nil until it is needed

	mu      sync.Mutex
	closed  bool
	closers map[*socket]func() error
}

var _ transport.Transport = (*Transport)(nil)

// New makes a transport. The caller closes it.
func New(opts Options) (*Transport, error) {
	t := &Transport{
		log:        opts.Logger,
		maxSockets: opts.MaxSockets,
		heartbeat:  opts.Heartbeat,
		pace:       usualPace,
		inprocs:    newInprocs(),
		closers:    make(map[*socket]func() error),
	}
	if t.log == nil {
		t.log = zap.NewNop()
	}
	if t.maxSockets == 0 {
		t.maxSockets = defaultMaxSockets
	}
	switch {
	case t.heartbeat == 0:
		t.heartbeat = defaultHeartbeat
	case t.heartbeat < 0:
		t.heartbeat = 0
	case t.heartbeat < 10*time.Millisecond || t.heartbeat > time.Hour:
		return nil, fmt.Errorf("heartbeat %v: want 10ms to 1h, or a negative value for none", t.heartbeat)
	}
	boundHeap()
	var err error
	if t.limits, err = newLimits(opts, t.log); err != nil {
		return nil, err
	}
	if t.ctx, err = newContext(t.maxSockets); err != nil {
		return nil, errors.Join(err, t.limits.close())
	}
	t.running, t.stop = context.WithCancel(context.Background())
	if opts.Trimmed != nil {
		heap.call(t, opts.Trimmed)
	}
	return t, nil
}

// newContext makes a libzmq context whose end does not wait for messages of sockets that forgot to say how long.
func newContext(maxSockets int) (*zmq4.Context, error) {
	ctx, err := zmq4.NewContext()
	if err != nil {
		return nil, fmt.Errorf("start ZeroMQ: %w", cause(err))
	}
	err = errors.Join(
		wrap("ZMQ_MAX_SOCKETS", ctx.SetMaxSockets(maxSockets)),
		wrap("ZMQ_BLOCKY", ctx.SetBlocky(false)),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start ZeroMQ: %w", err), ctx.Term())
	}
	return ctx, nil
}

// Close closes all sockets and ends the transport. It waits for what publishers still send, two seconds at most.
func (t *Transport) Close() error {
	var err error
	t.once.Do(func() { err = t.shut() })
	return err
}

func (t *Transport) shut() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.stop()
	heap.call(t, nil)
	t.entered.Wait() // from here on no socket is made

	t.mu.Lock()
	closers := slices.Collect(maps.Values(t.closers))
	t.mu.Unlock()
	errs := make([]error, len(closers))
	var wg sync.WaitGroup
	for i, c := range closers {
		wg.Go(func() { errs[i] = c() })
	}
	wg.Wait()
	if t.auth != nil { // not before the last socket that asks it
		errs = append(errs, wrap("authenticator", t.auth.close(0)))
	}
	errs = append(errs, wrap("end ZeroMQ", t.ctx.Term()), wrap("limits", t.limits.close()))
	return errors.Join(errs...)
}

// enter is called before a socket is made and fails when the transport is closed. The transport can't end before leave.
func (t *Transport) enter() (leave func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, transport.ErrClosed
	}
	t.entered.Add(1)
	return t.entered.Done, nil
}

// own makes Close of the transport close s too, with closer. It is called between enter and leave.
func (t *Transport) own(s *socket, closer func() error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closers[s] = closer
}

func (t *Transport) forget(s *socket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.closers, s)
}

// wrap names what failed.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, cause(err))
}
