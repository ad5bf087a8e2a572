package inmem

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// question is a request under way. All is guarded by Network.mu.
type question struct {
	dial
	body       []byte
	parts      int
	maxMessage int64    // of the answer
	replier    *Replier // nil while it waits for one
	lost       bool     // an answer would not arrive
	answered   bool
	answer     []byte
	changed    broadcast
	refusal    *refusal // the last one, while there is no replier
}

// refused leaves the request waiting: who refuses it now may admit it later.
func (q *question) refused(why *refusal) { q.refusal = why }

// unanswered is the error of a request whose ctx has ended.
func (q *question) unanswered(ctx context.Context) error {
	if q.refusal == nil {
		return fmt.Errorf("request to %s: no answer: %w", q.to.Endpoint, ctx.Err())
	}
	why := &transport.HandshakeError{Peer: q.to, Reason: q.refusal.reason, Cause: q.refusal.cause}
	return fmt.Errorf("request to %s: no answer: %w: %w", q.to.Endpoint, why, ctx.Err())
}

// Request sends one request and returns the answer. It waits for a replier that isn't there yet. One that takes the request and goes
// away, or is cut off before the answer, leaves it waiting: like the real one, only ctx ends that.
func (t *Transport) Request(ctx context.Context, to transport.Address, frame []byte, opts transport.SocketOptions) ([]byte, error) {
	return t.request(ctx, to, frame, 1, opts)
}

// RequestParts sends a request of several frames, which no posttroll program should do: for tests of repliers. All that the replier
// is told of them is the first one and their number.
func (t *Transport) RequestParts(ctx context.Context, to transport.Address, frames [][]byte) ([]byte, error) {
	return t.request(ctx, to, frames[0], len(frames), transport.SocketOptions{})
}

func (t *Transport) request(ctx context.Context, to transport.Address, body []byte, parts int, opts transport.SocketOptions) ([]byte, error) {
	to, err := checkAddress(to, opts.ClientKey)
	if err != nil {
		return nil, err
	}
	opts, err = withDefaults(opts)
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", to.Endpoint, err)
	}
	q := &question{body: bytes.Clone(body), parts: parts, maxMessage: opts.MaxMessage}
	q.dial = newDial(t, to, opts.ClientKey, q)
	mu := &t.network.mu
	mu.Lock()
	defer mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("request to %s: %w", to.Endpoint, err)
	}
	if t.closed {
		return nil, transport.ErrClosed
	}
	t.network.dial(&q.dial)
	defer t.abandon(q)
	for !q.answered {
		changed, ended := q.changed.next(), t.ended.next()
		mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		case <-ended:
		}
		mu.Lock()
		switch {
		case q.answered:
		case t.closed:
			return nil, transport.ErrClosed
		case ctx.Err() != nil:
			return nil, q.unanswered(ctx)
		}
	}
	return q.answer, nil
}

// abandon takes the request back. The caller holds mu.
func (t *Transport) abandon(q *question) {
	if q.replier != nil {
		q.replier.forget(q)
	} else {
		t.network.hangUp(&q.dial)
	}
}
