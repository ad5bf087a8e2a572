package main

import (
	"context"
	"errors"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// interrupted tells whether err is that the user ended the command.
func interrupted(err error) bool { return errors.Is(err, context.Canceled) }

// covered tells whether somebody has subscribed to m.
func covered(subscriptions []transport.Subscription, m *message.Message) bool {
	for _, s := range subscriptions {
		if len(s.Topic) <= len(m.Bytes()) && string(m.Bytes()[:len(s.Topic)]) == s.Topic {
			return true
		}
	}
	return false
}
