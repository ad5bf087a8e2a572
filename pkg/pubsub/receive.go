package pubsub

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/dedup"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Errors of receiving that callers branch on, beside [ErrClosed], those of the context, and [FrameError].
var (
	// ErrTimeout says that no message came within [SubscriberOptions.Timeout].
	ErrTimeout = errors.New("no message in time")
	// ErrBusy says that another goroutine is receiving, or that a hook or filter tried to.
	ErrBusy = errors.New("pubsub: two goroutines receive from one subscriber")
)

// FrameError is a received frame that is no message.
type FrameError struct {
	Frame []byte
	From  transport.Endpoint // where the subscriber translates; else zero
	Err   error              // mostly a *[message.Error]
}

// Error says what is wrong with the frame, but does not quote it.
func (e *FrameError) Error() string {
	if e.From.IsZero() {
		return fmt.Sprintf("received frame: %v", e.Err)
	}
	return fmt.Sprintf("received frame from %s: %v", e.From, e.Err)
}

// Unwrap returns Err.
func (e *FrameError) Unwrap() error { return e.Err }

// Messages returns the messages as they come, until ctx ends or the subscriber is closed. An error among them is one of two that the loop
// can go on after: a *[FrameError] for each frame that is no message, and [ErrTimeout] each time none
// came in time. Any other error is the last item.
//
// Leaving the loop loses nothing: a later one goes on with the next message.
func (s *Subscriber) Messages(ctx context.Context) iter.Seq2[*message.Message, error] {
	return func(yield func(*message.Message, error) bool) {
		for {
			m, err := s.Receive(ctx)
			if err != nil && (ctx.Err() != nil || errors.Is(err, ErrClosed)) {
				return
			}
			if !yield(m, err) || err != nil && !passing(err) {
				return
			}
		}
	}
}

// passing tells whether receiving can go on after err.
func passing(err error) bool {
	return isFrameError(err) || errors.Is(err, ErrTimeout)
}

// isFrameError tells whether err is about one frame alone.
func isFrameError(err error) bool {
	_, bad := errors.AsType[*FrameError](err)
	return bad
}

// Receive waits for the next message. It returns the error of ctx when that ends, [ErrTimeout] when none came in time,
// [ErrClosed] after Close, and a *[FrameError] for a frame that is no message; it can be called again after all but ErrClosed.
func (s *Subscriber) Receive(ctx context.Context) (*message.Message, error) {
	if !s.busy.CompareAndSwap(false, true) {
		return nil, ErrBusy
	}
	defer s.busy.Store(false)

	return s.receiveNext(ctx)
}

func (s *Subscriber) receiveNext(ctx context.Context) (*message.Message, error) {
	s.slab.reuse()
	var limit time.Time // set when there is something to wait for
	m, err := s.receiveUntil(ctx, &limit)
	if !isFrameError(err) {
		s.waited = 0
	} else if !limit.IsZero() {
		s.waited = s.timeout - time.Until(limit)
	}
	return m, err
}

// receiveUntil is Receive. When it comes to wait it sets limit to the end of the timeout, of which frames that are no message have left
// the rest.
func (s *Subscriber) receiveUntil(ctx context.Context, limit *time.Time) (*message.Message, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.isClosed() {
			return nil, ErrClosed
		}
		if len(s.hand.frames) > 0 {
			if m, err := s.take(); m != nil || err != nil {
				return m, err
			}
			continue
		}
		if s.timeout > 0 {
			if limit.IsZero() {
				*limit = time.Now().Add(s.timeout - s.waited)
			} else if !time.Now().Before(*limit) {
				return nil, ErrTimeout
			}
		}
		if err := s.refill(ctx, *limit); err != nil {
			return nil, err
		}
	}
}

// refill takes the next batch into the hand: of the side sources and the main one in turn, when both have any. It returns with nothing
// when the limit is over, zero: there is none, or when there is something to look at again.
func (s *Subscriber) refill(ctx context.Context, limit time.Time) error {
	mainTurn := s.hand.taken != nil && s.main.sub.Pending() // so it need not wait
	s.hand.done()
	if !mainTurn {
		if b, ok := s.nextReady(); ok {
			s.hand = b
			return nil
		}
	}
	wctx, cancel := withLimit(ctx, limit)
	defer cancel()
	if !mainTurn {
		if !s.wake.enter(cancel) {
			return nil
		}
		defer s.wake.leave()
	}
	return s.receive(ctx, wctx)
}

// receive takes a batch of the main source into the hand. When the inner context ends but not the outer, it returns with nothing.
func (s *Subscriber) receive(outer, inner context.Context) error {
	frames, err := s.main.Receive(inner)
	switch {
	case err == nil:
		now := time.Now()
		s.silence.note(s.log, s.main, frames, now)
		s.hand = batch{frames: frames, source: s.main, at: now}
		s.noteQueue(frames)
		return nil
	case outer.Err() != nil:
		return outer.Err()
	case s.isClosed():
		return ErrClosed
	case inner.Err() != nil:
		return nil
	}
	return fmt.Errorf("receive: %w", err)
}

func withLimit(ctx context.Context, limit time.Time) (context.Context, context.CancelFunc) {
	if limit.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, limit)
}

// take takes the next frame from the hand. It returns neither a message nor an error when the frame is not for the program.
func (s *Subscriber) take() (*message.Message, error) {
	frame := s.hand.frames[0]
	s.from = frame.From
	s.hand.frames[0] = transport.Frame{}
	s.hand.frames = s.hand.frames[1:]
	source := s.hand.source
	if s.stale(frame.Body) {
		return nil, nil
	}
	m, err := s.decode(frame)
	switch {
	case m == nil && err == nil:
		return nil, nil // a duplicate
	case err != nil && source.hook != nil:
		return nil, nil // counted and logged
	case err != nil:
		return nil, err
	case source.hook != nil:
		source.hook(m)
		return nil, nil
	case s.filter != nil && !s.filter(m):
		s.counts.filtered.Add(1)
		return nil, nil
	}
	s.counts.delivered.Add(1)
	return m, nil
}

// stale tells whether frame, the last one taken from the hand, came in under topics that were replaced since.
func (s *Subscriber) stale(frame []byte) bool {
	topics := s.hand.source.replaced.Load()
	return topics != nil && !topics.covers(frame)
}

// decode makes a message of the frame that was taken last. A frame that is none is counted. It returns neither a message nor an error
// for a duplicate.
func (s *Subscriber) decode(frame transport.Frame) (*message.Message, error) {
	m, err := s.decodeHeader(frame.Body)
	if err == nil && s.duplicate(m) {
		s.counts.duplicates.Add(1)
		return nil, nil
	}
	if err == nil && s.translate && !frame.From.IsZero() {
		m, err = Translate(m, frame.From.Host())
	}
	if err != nil {
		s.bad.count(s.log, err, frame)
		return nil, &FrameError{Frame: frame.Body, From: frame.From, Err: err}
	}
	return m, nil
}

// decodeHeader makes a message of a frame, in memory that is used again where that is asked for.
func (s *Subscriber) decodeHeader(frame []byte) (*message.Message, error) {
	if s.slab == nil || s.hand.source.hook != nil {
		return s.decoder.Decode(frame)
	}
	m := s.slab.next()
	return m, s.decoder.DecodeInto(m, frame)
}

// duplicate tells whether m, the last one taken from the hand, has come already. What has nothing to be known again by has not.
func (s *Subscriber) duplicate(m *message.Message) bool {
	if s.window == nil || s.hand.source.hook != nil {
		return false
	}
	verdict, _ := s.window.See(m, s.hand.at)
	return verdict == dedup.Duplicate
}

// Translate replaces the host of the sender, as a subscriber with [SubscriberOptions].Translate does; empty: it is left.
func Translate(m *message.Message, host string) (*message.Message, error) {
	if host == "" {
		return m, nil
	}
	user, _, _ := strings.Cut(m.Sender(), "@")
	return m.WithSender(user + "@" + host)
}
