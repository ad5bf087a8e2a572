package zmq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Request sends frame to a REP or ROUTER socket over a connection of its own and waits for the answer, until ctx ends. A
// peer that is not there yet is waited for, and so is one that does not let us in; the error is a [transport.HandshakeError] then. A host name that does
// not resolve, an answer of more than one frame, and one of more than MaxMessage bytes are errors at once; the last one at the end of ctx, a
// [transport.LostError], where the connection was over sooner than anybody could look at it.
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
	opts, err := withDefaults(opts)
	if err != nil {
		return nil, err
	}
	if to, err = checkAddress(to, opts.ClientKey); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.running, cancel)()
	target, err := resolveTarget(ctx, to.Endpoint)
	if err != nil {
		return nil, err
	}
	q := &question{owner: t, to: to, target: target, frame: frame, opts: opts, key: t.keys.get(to)}
	return q.ask(ctx)
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

// question is a request under way: an asker after the other, until one gets through the handshake. What was not sent then can be sent
// again.
type question struct {
	owner   *Transport
	to      transport.Address
	target  string
	frame   []byte
	opts    transport.SocketOptions
	key     int // the one of the server's keys that is tried
	trouble trouble
	why     verdict // of the handshakes that failed: the last one of those that tell most
	lost    int     // how many connections ended when the question may have been sent already
}

// ask tries until there is an answer or ctx ends.
func (q *question) ask(ctx context.Context) ([]byte, error) {
	for {
		answer, failed, err := q.try(ctx)
		if err != nil || failed == nil {
			return answer, err
		}
		sleep(ctx, q.failed(failed.attempt, *failed.refused))
		if ctx.Err() != nil {
			return nil, q.unanswered(ctx)
		}
	}
}

// try asks over a connection of its own. It returns that when the handshake has failed.
func (q *question) try(ctx context.Context) (answer []byte, failed *asker, err error) {
	s, err := newSocket(q.owner, zmq4.REQ, requestFrames, 0)
	if err != nil {
		return nil, nil, err
	}
	a := &asker{socket: s, target: q.target, attempt: attempt{secure: !q.serverKey().IsZero(), interval: q.opts.HandshakeInterval}}
	answer, err = a.ask(ctx, q)
	late, isLate := a.pending()
	closed := s.close(0)
	a.tap.end()
	switch {
	case errors.Is(err, errRefused):
		return nil, a, closed
	case err == nil && serverKeys(q.to).Len() > 1:
		q.owner.keys.put(q.to, q.key)
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		if isLate {
			q.note(late)
		}
		q.lost += a.lost()
		err = q.unanswered(ctx)
	}
	return answer, nil, errors.Join(err, closed)
}

// serverKey is the key that the server is expected to have; zero: plain.
func (q *question) serverKey() curve.PublicKey {
	keys := serverKeys(q.to)
	if keys.Len() == 0 {
		return curve.PublicKey{}
	}
	return keys.At(q.key)
}

// failed takes in why a handshake failed and returns how long to wait before the next one.
func (q *question) failed(a attempt, v verdict) time.Duration {
	q.note(v)
	keys := serverKeys(q.to).Len()
	if next, _ := q.trouble.add(v, keys); next {
		q.key = (q.key + 1) % keys
	}
	return q.trouble.pause(a)
}

func (q *question) note(v verdict) {
	if v.weight() >= q.why.weight() {
		q.why = v
	}
}

// unanswered is the error of a request whose ctx has ended.
func (q *question) unanswered(ctx context.Context) error {
	switch {
	case q.lost > 0:
		return fmt.Errorf("no answer: %w: %w", &transport.LostError{Times: q.lost, MaxMessage: q.opts.MaxMessage}, ctx.Err())
	case q.why == (verdict{}):
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
	why := &transport.HandshakeError{Peer: q.to, Reason: q.why.reason, Cause: q.why.cause}
	return fmt.Errorf("no answer: %w: %w", why, ctx.Err())
}
