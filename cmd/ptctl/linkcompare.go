package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// maxCompared bounds the messages that are remembered at each end.
const maxCompared = 100_000

// comparison is what was seen at both ends of a link. A subscription takes its time to get to a publisher, and there is no telling when it has: so what came at
// the first end before anything arrived at the second one is not missed there, unless nothing arrives at all.
type comparison struct {
	want int
	done context.CancelFunc

	mu     sync.Mutex
	ends   [2]linkEnd
	out    map[string]time.Time // at the first end, and not yet at the second
	in     map[string]time.Time // at the second end, and not yet at the first: the way there is the shorter one
	first  time.Time            // the first one that was seen at both
	delays []time.Duration
	ended  time.Time
}

// compare subscribes at both ends until enough has arrived, or the time is over.
func (c *linkCheck) compare(ctx context.Context, cmd *cobra.Command, from, to string) (seen *comparison, err error) {
	node, network, err := c.open(cmd.ErrOrStderr(), false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen = &comparison{
		want: c.count, done: cancel, ends: [2]linkEnd{{uri: from}, {uri: to}},
		out: map[string]time.Time{}, in: map[string]time.Time{},
	}
	topics := c.topics
	if len(topics) == 0 {
		topics = []string{message.Magic}
	}
	var receiving sync.WaitGroup
	errs := make([]error, 2)
	for i, uri := range []string{from, to} {
		sub, err := node.Subscriber(pubsub.SubscriberOptions{
			Addresses: pubsub.URIs(uri), Topics: topics,
			Events: func(e transport.Event) { seen.event(i, e) },
			Filter: func(m *message.Message) bool { return !isHeartbeat(m) },
		})
		if err != nil {
			cancel()
			receiving.Wait()
			return nil, keysMissing(err)
		}
		receiving.Go(func() {
			errs[i] = errors.Join(seen.receive(ctx, i, sub), sub.Close())
			cancel()
		})
	}
	receiving.Wait()
	seen.ended = time.Now()
	return seen, errors.Join(errs...)
}

// receive takes in what comes at one end.
func (s *comparison) receive(ctx context.Context, end int, sub *pubsub.Subscriber) error {
	for m, err := range sub.Messages(ctx) {
		if _, noMessage := errors.AsType[*pubsub.FrameError](err); noMessage {
			continue
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		s.add(end, m.Type()+" "+m.Time().String(), time.Now())
	}
	return nil
}

// add takes in a message.
func (s *comparison) add(end int, key string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine, other := s.out, s.in
	if end == 1 {
		mine, other = s.in, s.out
	}
	before, both := other[key]
	if !both {
		if _, again := mine[key]; !again && len(mine) < maxCompared {
			mine[key] = at
		}
		return
	}
	delete(other, key)
	sent := before
	if end == 0 {
		sent = at
	}
	if s.first.IsZero() || sent.Before(s.first) {
		s.first = sent
	}
	late := at.Sub(before)
	if end == 0 {
		late = 0 // it came to us the other way first
	}
	if s.delays = append(s.delays, late); len(s.delays) >= s.want {
		s.done()
	}
}

// event notes whether an end is connected.
func (s *comparison) event(end int, e transport.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Kind == transport.Connected {
		s.ends[end].connected = true
	} else {
		s.ends[end].cause = e.Cause
	}
}

// lost counts the messages that came at the first end and have had grace to arrive at the second one.
func (s *comparison) lost(grace time.Duration) int {
	n := 0
	for _, at := range s.out {
		if at.After(s.first) && s.ended.Sub(at) >= grace {
			n++
		}
	}
	return n
}
