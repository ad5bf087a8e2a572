package pubsub

import (
	"context"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Received is what came in as one frame: a message, or an error where it is none.
type Received struct {
	Message *message.Message
	Err     error // a *[FrameError]; Message is nil then
	// From is the address at which the publisher was reached, with [SubscriberOptions].Attribute and as far as it can be told.
	From transport.Endpoint
}

// ReceiveBatch waits for a message as [Subscriber.Receive] does, and appends it to batch with those that came in with it, up to the capacity of
// batch, at least one. Frames that are no message are among them, and no error. It costs less per message than
// receiving them one by one.
func (s *Subscriber) ReceiveBatch(ctx context.Context, batch []Received) ([]Received, error) {
	if !s.busy.CompareAndSwap(false, true) {
		return batch, ErrBusy
	}
	defer s.busy.Store(false)

	m, err := s.receiveNext(ctx)
	if m == nil && !isFrameError(err) {
		return batch, err
	}
	return s.takeHand(append(batch, Received{m, err, s.from})), nil
}

// TakeBatch appends to batch, up to its capacity, what has come in by now, and does not wait for more: it appends nothing when that was all. The error is that of ctx
// or [ErrClosed].
func (s *Subscriber) TakeBatch(ctx context.Context, batch []Received) ([]Received, error) {
	if !s.busy.CompareAndSwap(false, true) {
		return batch, ErrBusy
	}
	defer s.busy.Store(false)

	s.slab.reuse()
	for {
		if s.isClosed() {
			return batch, ErrClosed
		}
		if batch = s.takeHand(batch); len(batch) == cap(batch) || !s.Pending() {
			return batch, nil
		}
		if s.slab != nil && len(batch) > 0 {
			return batch, nil // the next ones would take their place
		}
		if err := ctx.Err(); err != nil {
			return batch, err
		}
		if err := s.refill(ctx, time.Time{}); err != nil {
			return batch, err
		}
	}
}

// takeHand appends what is in the hand.
func (s *Subscriber) takeHand(batch []Received) []Received {
	for len(batch) < cap(batch) && len(s.hand.frames) > 0 && !s.isClosed() {
		m, err := s.take()
		if m != nil || err != nil {
			batch = append(batch, Received{m, err, s.from})
		}
		if m != nil {
			s.waited = 0
		}
	}
	return batch
}

// Pending tells whether frames are there that receiving would look at without waiting. It is called by the goroutine that receives.
func (s *Subscriber) Pending() bool {
	if len(s.hand.frames) > 0 {
		return true
	}
	s.mu.Lock()
	ready := len(s.ready) > 0
	s.mu.Unlock()
	return ready || s.main.sub.Pending()
}
