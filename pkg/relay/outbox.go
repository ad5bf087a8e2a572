package relay

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/relay/step"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// outboxSize is the number of messages that leave together at most: so many that what a call of the sink costs is shared, and so few that the first one
// does not wait long for the last.
const outboxSize = 64

// outbox holds messages that routes of one source have for one sink until they leave together, in the order in which they came.
type outbox struct {
	outlet *outlet
	item   step.Item // of the message that a route looks at
	sheet  sheet     // for the frames that routes make
	// Of the messages, one by one.
	frames [][]byte
	from   []transport.Endpoint
	notes  []outNote
}

// outNote is what is counted of a message when it has left.
type outNote struct {
	route   *route
	written time.Time // by its header
	size    int       // bytes
}

// newOutboxes makes those of routes, one by one; routes with the same sink have the same.
func newOutboxes(routes []*route) []*outbox {
	var boxes []*outbox
	for i, r := range routes {
		same := slices.IndexFunc(routes[:i], func(other *route) bool { return other.outlet == r.outlet })
		if same >= 0 {
			boxes = append(boxes, boxes[same])
			continue
		}
		boxes = append(boxes, &outbox{outlet: r.outlet})
	}
	return boxes
}

// add puts a message in, and sends what is there when that is enough.
func (b *outbox) add(ctx context.Context, frame []byte, from transport.Endpoint, note outNote) {
	b.frames = append(b.frames, frame)
	b.from = append(b.from, from)
	b.notes = append(b.notes, note)
	if len(b.frames) >= outboxSize || b.sheet.full() {
		b.flush(ctx)
	}
}

// flush sends all. A message that can't be sent is lost, and does not keep the others.
func (b *outbox) flush(ctx context.Context) {
	for done := 0; done < len(b.frames); done++ {
		sent, err := b.outlet.sink.Send(ctx, b.frames[done:], b.from[done:])
		count(b.notes[done:done+sent], time.Now())
		if done += sent; err == nil || done == len(b.frames) {
			break
		}
		b.notes[done].route.notSent(err)
	}
	b.item = step.Item{}
	b.sheet.wipe()
	clear(b.frames)
	clear(b.from)
	clear(b.notes)
	b.frames, b.from, b.notes = b.frames[:0], b.from[:0], b.notes[:0]
}

// count counts messages that were sent, of each route those that follow each other at once.
func count(notes []outNote, now time.Time) {
	for len(notes) > 0 {
		r := notes[0].route
		n := slices.IndexFunc(notes, func(other outNote) bool { return other.route != r })
		if n < 0 {
			n = len(notes)
		}
		r.counts.leave(notes[:n], now)
		notes = notes[n:]
	}
}

// notSent counts a message that could not be sent.
func (r *route) notSent(err error) {
	if count := r.counts.drop(reasonSend); isPowerOfTen(count) {
		r.log.Warn("message not sent", zap.Uint64("count", count), zap.Error(err))
	}
}
