package inmem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Replier answers requests.
type Replier struct {
	server
	maxMessage int64

	// Guarded by Network.mu.
	asked   []*question // received by nobody yet
	open    []*question // received, and not answered
	stats   transport.ReplierStats
	changed broadcast
}

var _ transport.Replier = (*Replier)(nil)

// errForeignToken is a mistake of the caller.
var errForeignToken = errors.New("reply: the request is not from this socket")

// Replier binds a socket that answers requests; what it returns is a [*Replier].
func (t *Transport) Replier(cfg transport.ReplierConfig) (transport.Replier, error) {
	opts, err := withDefaults(cfg.SocketOptions)
	if err != nil {
		return nil, fmt.Errorf("bind %s: %w", cfg.Endpoint, err)
	}
	if cfg.Listener != nil {
		return nil, fmt.Errorf("bind %s: %w", cfg.Endpoint, errListener)
	}
	r := &Replier{maxMessage: opts.MaxMessage}
	if err := t.listen(listenConfig{endpoint: cfg.Endpoint, backend: cfg.Backend, security: cfg.Security}, &r.server, r); err != nil {
		return nil, err
	}
	return r, nil
}

// Receive waits for requests and returns all that are there.
func (r *Replier) Receive(ctx context.Context) ([]transport.Request, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.owner.network.mu.Lock()
		if r.closed {
			r.owner.network.mu.Unlock()
			return nil, transport.ErrClosed
		}
		if len(r.asked) > 0 {
			requests := r.take()
			r.owner.network.mu.Unlock()
			return requests, nil
		}
		changed := r.changed.next()
		r.owner.network.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// take hands all requests to the caller. The caller holds mu.
func (r *Replier) take() []transport.Request {
	var requests []transport.Request
	for _, q := range r.asked {
		requests = append(requests, transport.Request{
			Body: q.body, Parts: q.parts, From: q.peerAddr(), Identity: q.identity, Token: q,
		})
		if !q.lost {
			r.open = append(r.open, q)
		}
	}
	r.stats.Received += uint64(len(r.asked))
	r.asked = nil
	return requests
}

// Reply answers req. A reply is dropped and counted when the peer has gone, has been cut off since, or was answered already.
func (r *Replier) Reply(req transport.Request, frame []byte) error {
	q, ok := req.Token.(*question)
	r.owner.network.mu.Lock()
	defer r.owner.network.mu.Unlock()
	if r.closed {
		return transport.ErrClosed
	}
	if !ok || q.replier != r {
		return errForeignToken
	}
	at := slices.Index(r.open, q)
	if at < 0 || int64(len(frame)) > q.maxMessage {
		r.stats.Dropped++
		return nil
	}
	r.open = slices.Delete(r.open, at, at+1)
	q.answer = bytes.Clone(frame)
	q.answered = true
	q.changed.fire()
	return nil
}

// Stats returns counters since the socket was made.
func (r *Replier) Stats() transport.ReplierStats {
	r.owner.network.mu.Lock()
	defer r.owner.network.mu.Unlock()
	stats := r.stats
	stats.Access = r.door.access()
	return stats
}

// Close frees the endpoint. Requests that were not answered never are.
func (r *Replier) Close() error {
	r.close(func() {
		r.asked, r.open = nil, nil
		r.changed.fire()
	})
	return nil
}

func (r *Replier) accept(d *dial) *refusal {
	q, ok := d.end.(*question)
	if !ok {
		return otherKind
	}
	q.replier, q.refusal = r, nil
	if int64(len(q.body)) <= r.maxMessage {
		r.asked = append(r.asked, q)
		r.changed.fire()
	}
	return nil
}

// dropLinks takes away the way back to those who match; what they asked can still be received.
func (r *Replier) dropLinks(_ string, match func(*dial) bool) {
	for _, q := range slices.Concat(r.asked, r.open) {
		if match(&q.dial) {
			q.lost = true
		}
	}
	r.open = slices.DeleteFunc(r.open, func(q *question) bool { return q.lost })
}

// revoke drops what they have asked too.
func (r *Replier) revoke(match func(*dial) bool) uint64 {
	count := uint64(0)
	gone := func(q *question) bool {
		if !match(&q.dial) {
			return false
		}
		if !q.lost {
			q.lost = true
			count++
		}
		return true
	}
	r.asked = slices.DeleteFunc(r.asked, gone)
	r.open = slices.DeleteFunc(r.open, gone)
	return count
}

// forget is called when the one who asked q waits no longer. The caller holds mu.
func (r *Replier) forget(q *question) {
	q.lost = true
	r.open = slices.DeleteFunc(r.open, func(other *question) bool { return other == q })
}
