package relay

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/relay/step"
)

// Why messages are dropped, beside what steps and decoding say.
const (
	reasonLoop      = "loop"
	reasonHeartbeat = "heartbeat"
	reasonNotUTF8   = "not_utf8"
	reasonTooDeep   = "too_deep"
	reasonSend      = "send_failed"
	reasonDuplicate = "duplicate" // which has a counter of its own
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

// outcome is what a route makes of what was received: a frame to be sent, or the reason why there is none.
type outcome struct {
	frame   []byte
	written time.Time        // by its header
	message *message.Message // that the frame is; nil: it is none
	reason  string           // empty: the frame is to be sent
	step    step.Result      // where reason is that of a step
	changed bool             // the frame is not what came in
}

// drop is the outcome of what is not sent.
func drop(reason string) outcome { return outcome{reason: reason} }

// take carries what was received, if it is for this route, as far as box.
func (r *route) take(ctx context.Context, got *Received, box *outbox, now time.Time) {
	if !r.wants(got.Frame) {
		return
	}
	r.counts.received.Add(1)
	out := r.decide(got, now, nil)
	if out.reason != "" {
		r.countDrop(got, &out)
		return
	}
	if out.changed {
		r.counts.changed.Add(1)
	}
	r.counts.kept.Add(1)
	box.add(ctx, out.frame, got.From, outNote{r, out.written, len(out.frame)})
}

// wants tells whether the route subscribes to a frame.
func (r *route) wants(frame []byte) bool { return r.every || r.topics.covers(frame) }

// decide says what becomes of what the route has subscribed to, and remembers it. Nothing is sent or counted. Trace is told of the steps that
// change something; nil: nobody is.
func (r *route) decide(got *Received, now time.Time, trace func(step int, kind string)) outcome {
	if got.Message == nil {
		return r.decideBad(got, now)
	}
	if !r.Lax {
		if reason := tooRisky(got.Message); reason != "" {
			return drop(reason)
		}
	}
	if r.Sink.Heartbeat > 0 && isHeartbeat(got.Message) {
		return drop(reasonHeartbeat)
	}
	item := r.process.item(got.Message)
	if r.process.duplicate(got.Message, item, now) {
		return drop(reasonDuplicate)
	}
	if r.loops != nil && r.loops.came(got, now) {
		return drop(reasonLoop)
	}
	result := r.process.steps(got.Message, item, now, trace)
	if result.Reason != "" {
		return outcome{reason: string(result.Reason), step: result}
	}
	m := result.Message
	if m != got.Message {
		if reason := r.checkChanged(m, got, now); reason != "" {
			return drop(reason)
		}
	}
	return outcome{frame: m.Bytes(), written: m.Time().Time, message: m, changed: m != got.Message}
}

// decideBad is decide for a frame that is no message.
func (r *route) decideBad(got *Received, now time.Time) outcome {
	if r.Lax && r.process.passesAll() {
		if r.loops != nil && r.loops.cameFrame(got.Frame, now) {
			return drop(reasonLoop)
		}
		return outcome{frame: got.Frame, written: now}
	}
	reason := "bad_frame"
	if bad, ok := errors.AsType[*message.Error](got.Err); ok {
		reason = "bad_" + bad.Field
	}
	return drop(reason)
}

// checkChanged looks at a message that steps have made of one that was received, and returns why it may not go out, if so.
func (r *route) checkChanged(m *message.Message, got *Received, now time.Time) string {
	was := got.Message
	sameData := bytes.Equal(m.RawData(), was.RawData()) && m.MIME() == was.MIME()
	if sameData && sameHead(m, was) {
		return "" // it is known
	}
	// What is risky is in the data: that of was has been looked at, and words of settings are UTF-8.
	if !r.Lax && !sameData {
		if reason := tooRisky(m); reason != "" {
			return reason
		}
	}
	if r.loops == nil {
		return ""
	}
	if sameData {
		r.loops.went(m, got.data, now)
	} else {
		r.loops.went(m, dataHash(m), now)
	}
	return ""
}

// tooRisky returns why m would end a Python subscriber, if it would.
func tooRisky(m *message.Message) string {
	err := m.CheckStrict()
	switch {
	case err == nil:
		return ""
	case errors.Is(err, message.ErrTooDeep):
		return reasonTooDeep
	}
	return reasonNotUTF8
}

// countDrop counts what is not sent. What a step could not do is logged, now and then.
func (r *route) countDrop(got *Received, out *outcome) {
	if out.reason == reasonDuplicate {
		r.counts.duplicates.Add(1)
		return
	}
	count := r.counts.drop(out.reason)
	if out.step.Err != nil && isPowerOfTen(count) {
		r.log.Warn("step can't be taken", zap.Int("step", out.step.Step), zap.String("subject", got.Message.Subject()), zap.String("cause", out.reason),
			zap.Uint64("count", count), zap.Error(out.step.Err))
	}
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
