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
	reasonBadFrame  = "bad_frame" // or another part of the message, as in bad_time
	reasonDuplicate = "duplicate" // which has a counter of its own
)

// DropReasons are the keys of [RouteStats].Dropped, but for some of frames that are no messages.
func DropReasons() []string {
	reasons := []string{reasonLoop, reasonHeartbeat, reasonNotUTF8, reasonTooDeep, reasonSend, reasonBadFrame}
	for _, reason := range step.Reasons() {
		reasons = append(reasons, string(reason))
	}
	return reasons
}

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
	message *message.Message // that the frame is, but for words; nil: it is none
	words   message.Words    // of the frame that message does not have
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
	out := r.decide(got, &box.item, &box.sheet, now, nil)
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
// change something; nil: nobody is. Item is for use, whatever is in it, and frames that are made go to the sheet.
func (r *route) decide(got *Received, item *step.Item, to *sheet, now time.Time, trace func(step int, kind string)) outcome {
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
	if !r.process.passesAll() {
		item.Reset(got.Message)
	}
	if r.process.duplicate(got.Message, item, now) {
		return drop(reasonDuplicate)
	}
	if r.loops != nil && r.loops.came(got, now) {
		return drop(reasonLoop)
	}
	result, words := r.process.steps(got.Message, item, now, trace)
	if result.Reason != "" {
		return outcome{reason: string(result.Reason), step: result}
	}
	out := outcome{written: result.Message.Time().Time, message: result.Message, words: words}
	if err := out.write(to); err != nil {
		return outcome{reason: string(step.BadResult), step: step.Result{Reason: step.BadResult, Err: err}}
	}
	if out.changed = out.message != got.Message || out.words != (message.Words{}); out.changed {
		if reason := r.checkChanged(&out, got, now); reason != "" {
			return drop(reason)
		}
	}
	return out
}

// write makes the frame. The message gets the words only where they do not simply take the place of others.
func (out *outcome) write(to *sheet) (err error) {
	if out.words == (message.Words{}) {
		out.frame = out.message.Bytes()
		return nil
	}
	var ok bool
	if out.frame, ok = to.write(out.message, out.words); ok {
		return nil
	}
	if out.message, err = out.message.WithWords(out.words); err != nil {
		return err
	}
	out.frame, out.words = out.message.Bytes(), message.Words{}
	return nil
}

// decideBad is decide for a frame that is no message.
func (r *route) decideBad(got *Received, now time.Time) outcome {
	if r.Lax && r.process.passesAll() {
		if r.loops != nil && r.loops.cameFrame(got.Frame, now) {
			return drop(reasonLoop)
		}
		return outcome{frame: got.Frame, written: now}
	}
	reason := reasonBadFrame
	if bad, ok := errors.AsType[*message.Error](got.Err); ok {
		reason = "bad_" + bad.Field
	}
	return drop(reason)
}

// checkChanged looks at what steps have made of a message that was received, and returns why it may not go out, if so.
func (r *route) checkChanged(out *outcome, got *Received, now time.Time) string {
	m, was := out.message, got.Message
	sameData := m == was || bytes.Equal(m.RawData(), was.RawData()) && m.MIME() == was.MIME()
	head := headOf(m).with(out.words)
	if sameData && head.same(headOf(was)) {
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
	data := got.data
	if !sameData {
		data = dataHash(m)
	}
	r.loops.went(head, data, now)
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
