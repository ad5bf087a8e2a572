package pubsub

import (
	"context"
	"errors"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/message"
	"go.uber.org/zap"
)

// Listener is a subscriber that runs by itself and hands its messages to a channel: for programs that select over several things (the
// ListenerContainer of Python posttroll). The queue behind the channel is that of the subscriber, bounded by [SubscriberOptions.MaxQueued]; while
// the program takes nothing, nothing is lost until that is full.
type Listener struct {
	sub      *Subscriber
	messages chan *message.Message
	changed  chan struct{} // one deep: topics changed while a message waited to be taken
	cancel   context.CancelFunc
	wg       sync.WaitGroup
}

// Listener starts a listener. It always follows services that come and go: LookupOnly is ignored, and so is Timeout. Frames that are no message
// are counted in [Listener.Stats] and logged.
func (n *Node) Listener(o SubscriberOptions) (*Listener, error) {
	o.LookupOnly = false
	o.Timeout = 0
	sub, err := n.Subscriber(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Listener{sub: sub, messages: make(chan *message.Message), changed: make(chan struct{}, 1), cancel: cancel}
	l.wg.Go(func() { l.run(ctx) })
	return l, nil
}

// Messages returns the channel on which messages come. It is closed by Close, and when the transport is closed or fails.
func (l *Listener) Messages() <-chan *message.Message { return l.messages }

// Subscriber returns the subscriber below, to add and remove addresses and hooks. It must not be received from, and is closed by
// [Listener.Close].
func (l *Listener) Subscriber() *Subscriber { return l.sub }

// Stats returns the counters.
func (l *Listener) Stats() SubscriberStats { return l.sub.Stats() }

// SetTopics replaces the topics: from now on only messages under the new ones come, also of those received already.
// (restart_listener of Python posttroll; no connection is given up.)
func (l *Listener) SetTopics(topics ...string) error {
	if err := l.sub.SetTopics(topics...); err != nil {
		return err
	}
	select {
	case l.changed <- struct{}{}:
	default: // it has not looked since the last change
	}
	return nil
}

// Close stops the listener and drops what is queued, whether or not anybody takes messages.
func (l *Listener) Close() error {
	l.cancel()
	err := l.sub.Close()
	l.wg.Wait()
	return err
}

func (l *Listener) run(ctx context.Context) {
	defer close(l.messages)
	for m, err := range l.sub.Messages(ctx) {
		if _, bad := errors.AsType[*FrameError](err); bad {
			continue // counted and logged by the subscriber
		}
		if err != nil {
			l.sub.log.Error("listener ended", zap.Error(err))
			return
		}
		if !l.deliver(ctx, m) {
			return
		}
	}
}

// deliver waits until m is taken, or stale. It returns false when ctx ended.
func (l *Listener) deliver(ctx context.Context, m *message.Message) bool {
	for {
		select {
		case l.messages <- m:
			return true
		case <-l.changed:
			if l.sub.stale(m.Bytes()) {
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
}
