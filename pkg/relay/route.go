package relay

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Why messages are dropped, beside what steps and decoding say.
const (
	reasonLoop      = "loop"
	reasonHeartbeat = "heartbeat"
	reasonNotUTF8   = "not_utf8"
	reasonTooDeep   = "too_deep"
	reasonSend      = "send_failed"
)

// route carries messages from a source through its steps to its sink. It never changes but for its memory: a reload makes another one.
type route struct {
	plan
	topics  topics
	every   bool // topics cover everything
	loops   *loops
	process process
	outlet  *outlet
	counts  *counters
	log     *zap.Logger
}

// take carries what was received, if it is for this route.
func (r *route) take(ctx context.Context, got *Received, now time.Time) {
	if !r.every && !r.topics.covers(got.Frame) {
		return
	}
	r.counts.received.Add(1)
	if got.Message == nil {
		r.takeBad(ctx, got, now)
		return
	}
	if !r.Lax && r.tooRisky(got.Message) {
		return
	}
	if r.Sink.Heartbeat > 0 && isHeartbeat(got.Message) {
		r.counts.drop(reasonHeartbeat)
		return
	}
	item := r.process.item(got.Message)
	if r.process.duplicate(got.Message, item, now) {
		r.counts.duplicates.Add(1)
		return
	}
	if r.loops != nil && r.loops.came(got.Message, got.From, now) {
		r.counts.drop(reasonLoop)
		return
	}
	m := r.steps(got.Message, item, now)
	if m == nil {
		return
	}
	if m != got.Message && !r.checkChanged(m, got.Message, now) {
		return
	}
	r.send(ctx, m.Bytes(), got.From, m.Time().Time, now)
}

// takeBad carries a frame that is no message, where the route does.
func (r *route) takeBad(ctx context.Context, got *Received, now time.Time) {
	if r.Lax && r.process.passesAll() {
		if r.loops != nil && r.loops.cameFrame(got.Frame, now) {
			r.counts.drop(reasonLoop)
			return
		}
		r.send(ctx, got.Frame, got.From, now, now)
		return
	}
	reason := "bad_frame"
	if bad, ok := errors.AsType[*message.Error](got.Err); ok {
		reason = "bad_" + bad.Field
	}
	r.counts.drop(reason)
}

// checkChanged looks at a message that steps have made of another one, and tells whether it may go out.
func (r *route) checkChanged(m, was *message.Message, now time.Time) bool {
	r.counts.changed.Add(1)
	if sameContent(m, was) {
		return true // it has been looked at, and is known
	}
	if !r.Lax && r.tooRisky(m) {
		return false
	}
	if r.loops != nil {
		r.loops.went(m, now)
	}
	return true
}

// tooRisky tells whether m would end a Python subscriber, and counts it then.
func (r *route) tooRisky(m *message.Message) bool {
	err := m.CheckStrict()
	switch {
	case err == nil:
		return false
	case errors.Is(err, message.ErrTooDeep):
		r.counts.drop(reasonTooDeep)
	default:
		r.counts.drop(reasonNotUTF8)
	}
	return true
}

func (r *route) send(ctx context.Context, frame []byte, from transport.Endpoint, written, now time.Time) {
	r.counts.kept.Add(1)
	if err := r.outlet.sink.Send(ctx, frame, from); err != nil {
		if count := r.counts.drop(reasonSend); isPowerOfTen(count) {
			r.log.Warn("message not sent", zap.Uint64("count", count), zap.Error(err))
		}
		return
	}
	r.counts.leave(len(frame), written, now)
}

func isHeartbeat(m *message.Message) bool {
	return m.Type() == heartbeatType && strings.HasPrefix(m.Subject(), heartbeatSubject)
}

func isPowerOfTen(n uint64) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}
