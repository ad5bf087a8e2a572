package zmq

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// requestFrames is the room for the frames of one answer: there should be one.
const requestFrames = 4

// Request sends frame to a REP or ROUTER socket over a connection of its own and waits for the answer, until ctx ends. A
// peer that is not there yet is waited for. A host name that does not resolve, and an answer of more than one frame, are
// errors at once.
func (t *Transport) Request(ctx context.Context, to transport.Address, frame []byte, opts transport.SocketOptions) ([]byte, error) {
	leave, err := t.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	answer, err := t.request(ctx, to, frame, opts)
	if err != nil && t.running.Err() != nil {
		return nil, transport.ErrClosed
	}
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", to.Endpoint, err)
	}
	return answer, nil
}

func (t *Transport) request(ctx context.Context, to transport.Address, frame []byte, opts transport.SocketOptions) ([]byte, error) {
	if err := to.Endpoint.CheckConnect(); err != nil {
		return nil, err
	}
	if err := checkBackend(to.Backend, false); err != nil {
		return nil, err
	}
	opts, err := withDefaults(opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.running, cancel)()
	target, err := resolveTarget(ctx, to.Endpoint)
	if err != nil {
		return nil, err
	}
	s, err := newSocket(t, zmq4.REQ, requestFrames, 0)
	if err != nil {
		return nil, err
	}
	answer, err := s.ask(ctx, target, frame, opts)
	return answer, errors.Join(err, s.close(0))
}

// resolveTarget is target, with a host name resolved.
func resolveTarget(ctx context.Context, e transport.Endpoint) (string, error) {
	if t := target(e); t != "" {
		return t, nil
	}
	addrs, err := resolve(ctx, e.Host())
	if err != nil {
		return "", err
	}
	return tcpTarget(addrs[0], e.Port()), nil
}

// ask sends the question and waits for the answer.
func (s *socket) ask(ctx context.Context, target string, frame []byte, opts transport.SocketOptions) ([]byte, error) {
	err := errors.Join(
		setClient(s.zs, opts, s.owner.heartbeat),
		wrap("ZMQ_IPV6", s.zs.SetIpv6(isIPv6(target))),
		wrap("connect", s.zs.Connect(target)),
	)
	if err != nil {
		return nil, err
	}
	if err := sendFrame(s.raw, frame); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	defer context.AfterFunc(ctx, s.kick)()
	var answer answer
	for {
		err := await(s.signal, func() bool { return answer.read(s) || ctx.Err() != nil })
		switch {
		case answer.done:
			return answer.body, answer.err
		case ctx.Err() != nil:
			return nil, fmt.Errorf("no answer: %w", ctx.Err())
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, err
		}
	}
}

// answer collects the frames of one.
type answer struct {
	body  []byte
	parts int
	done  bool
	err   error
}

// read takes in what has come and tells whether the answer is complete.
func (a *answer) read(s *socket) bool {
	for more := true; more && !a.done; {
		var err error
		if more, err = s.batch.recv(s.raw); err != nil {
			a.done, a.err = true, err
			return true
		}
		for p := range s.batch.parts() {
			if a.parts++; a.parts == 1 {
				a.body = slices.Clone(p.data)
			}
			a.done = a.done || !p.more
		}
	}
	s.batch.release()
	if a.done && a.err == nil && a.parts != 1 {
		a.body, a.err = nil, fmt.Errorf("answer of %d frames: want 1", a.parts)
	}
	return a.done
}
