package main

import (
	"context"
	"fmt"
	"io"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
)

// outgoing sends messages, and counts them.
type outgoing struct {
	place   *place
	pub     *pubsub.Publisher
	sent    int
	unheard int // that nobody was subscribed to
}

// send sends m. Before the first message it waits for as many subscriptions as were asked for.
func (o *outgoing) send(ctx context.Context, m *message.Message) error {
	if o.sent == 0 {
		if err := o.place.waitSubscribed(ctx, o.pub, m.Subject()); err != nil {
			return err
		}
	}
	heard := o.pub.Covers(m)
	if err := o.pub.Send(ctx, m); err != nil {
		return err
	}
	o.sent++
	if !heard {
		o.unheard++
	}
	return nil
}

// warn tells of messages that were for nobody.
func (o *outgoing) warn(w io.Writer) {
	if o.unheard > 0 {
		fmt.Fprintf(w, "warning: nobody was subscribed to %d of %d messages (--wait 1 waits for a subscriber)\n", o.unheard, o.sent)
	}
}
