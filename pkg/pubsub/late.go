package pubsub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// LastMessage lets a publisher keep the last message of each subject, and give it to subscribers that have just come. Each subscription gets one message, to that
// subscriber alone: the newest one that it covers. So a subscriber to /a/b gets the last message of /a/b; one to /a, which covers several subjects, gets only that
// which was sent last of these, since ZeroMQ can't send more than one to a single subscriber. A [Replay] can.
//
// A subscriber that has lost its connection is a new one when it is back, and gets a message that it may have had before. Heartbeats are not kept, nor what is
// no message.
type LastMessage struct {
	// Subjects is the number of subjects whose last message is kept; beyond it that which was sent first is given up. 1 to 1000000. Default 10000.
	Subjects int
	// Bytes bounds the messages that are kept, all together. At least 1. Default 64 MiB.
	Bytes int64
	// MaxAge is how long a message is given to newcomers after it was sent. Default 0: as long as it is kept.
	MaxAge time.Duration
}

// Replay gives a publisher a second port where subscribers get the last messages that it has sent, as far as their topics cover them: each subscriber by itself, once for
// each of its topics, and nothing that is sent later. That is what the port of the publisher itself is for, so a message that is sent meanwhile may come from
// both; who connects there first, and to the replay once a message has come, misses none between the two. The port is not announced, as subscribers that
// find it would take it for another publisher: who wants it connects to its address.
//
// It is bound where the publisher is, with the same backend, key and clients, and stays with the present key where another one follows. What it holds for
// a subscriber that does not read are copies of the messages.
type Replay struct {
	// Port of the replay. Default 0: a free one. Where the publisher is bound to an ipc path, the replay has ".replay" at its end and no port.
	Port int
	// Messages is the number of messages that are kept. 1 to 100000. Default 1000.
	Messages int
	// Time is how long a message is kept. Default 0: as long as there is room.
	Time time.Duration
	// Bytes bounds the messages that are kept, all together. At least 1. Default 64 MiB.
	Bytes int64
}

// Defaults of [LastMessage] and [Replay], and their bounds.
const (
	DefaultLastSubjects   = 10_000
	DefaultReplayMessages = 1000
	DefaultKeptBytes      = 64 << 20

	MaxLastSubjects   = 1_000_000
	MaxReplayMessages = 100_000
)

// KeptStats say what a publisher keeps for newcomers, and how many it was given to.
type KeptStats struct {
	// Last is the number of subjects whose last message is kept, of so many bytes. Welcomed subscriptions got one.
	Last      int
	LastBytes int64
	Welcomed  uint64
	// Replay is the number of messages that are kept for the replay, of so many bytes. Replays subscriptions got some.
	Replay      int
	ReplayBytes int64
	Replays     uint64
}

func (b LastMessage) withDefaults() LastMessage {
	b.Subjects, b.Bytes = cmp.Or(b.Subjects, DefaultLastSubjects), cmp.Or(b.Bytes, DefaultKeptBytes)
	return b
}

func (b Replay) withDefaults() Replay {
	b.Messages, b.Bytes = cmp.Or(b.Messages, DefaultReplayMessages), cmp.Or(b.Bytes, DefaultKeptBytes)
	return b
}

func (b LastMessage) check() error {
	b = b.withDefaults()
	switch {
	case b.Subjects < 1 || b.Subjects > MaxLastSubjects:
		return fmt.Errorf("last message of %d subjects: want 1 to %d", b.Subjects, MaxLastSubjects)
	case b.Bytes < 1 || b.MaxAge < 0:
		return fmt.Errorf("last messages of %d bytes and %v: want more than 0", b.Bytes, b.MaxAge)
	}
	return nil
}

func (b Replay) check() error {
	b = b.withDefaults()
	switch {
	case b.Port < 0 || b.Port > 65535:
		return fmt.Errorf("replay: %d is no port: want 0 to 65535", b.Port)
	case b.Messages < 1 || b.Messages > MaxReplayMessages:
		return fmt.Errorf("replay of %d messages: want 1 to %d", b.Messages, MaxReplayMessages)
	case b.Bytes < 1 || b.Time < 0:
		return fmt.Errorf("replay of %d bytes and %v: want more than 0", b.Bytes, b.Time)
	}
	return nil
}

// checkLate reports what is wrong with what newcomers are to get.
func (o PublisherOptions) checkLate() error {
	var errs []error
	if o.LastMessage != nil {
		errs = append(errs, o.LastMessage.check())
	}
	if o.Replay != nil {
		errs = append(errs, o.Replay.check())
	}
	return errors.Join(errs...)
}

// late is what a publisher has for subscribers that have just come.
type late struct {
	last   *retained           // nil: nothing
	replay *replayed           // nil: nothing
	socket transport.Publisher // of the replay
}

// newLate returns what o asks for.
func newLate(o PublisherOptions) late {
	var l late
	if o.LastMessage != nil {
		l.last = newRetained(o.LastMessage.withDefaults())
	}
	if o.Replay != nil {
		l.replay = newReplayed(o.Replay.withDefaults())
	}
	return l
}

// welcome returns what the first or second socket of a publisher gives to newcomers; nil: nothing. What is sent on the second one was sent on the first before.
func (l *late) welcome(first bool) *transport.Welcome {
	if l.last == nil {
		return nil
	}
	w := &transport.Welcome{Frames: l.last.under}
	if first {
		w.Sent = l.last.add
	}
	return w
}

// bindReplay binds the port of the replay, if there is to be one.
func (n *Node) bindReplay(l *late, o PublisherOptions, first transport.Endpoint, server transport.ServerSecurity) error {
	if l.replay == nil {
		return nil
	}
	where, err := beside(first, l.replay.bounds.Port, ".replay")
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	// Twice what there is: who subscribes to two topics that cover each other gets it twice.
	o.Queue = max(o.Queue, 2*l.replay.bounds.Messages)
	l.socket, err = n.bind(o, where, server, &transport.Welcome{Frames: l.replay.under, Replay: true})
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

// send keeps frame for the replay, and sends it. In this order: who has had a message from the publisher, and takes the replay then, finds all that was
// sent before, also what was sent in one batch with it.
func (p *Publisher) send(ctx context.Context, frame []byte) error {
	if p.late.replay != nil {
		p.late.replay.add(frame)
	}
	return p.socket.Send(ctx, frame)
}

// sendBatch does so with frames.
func (p *Publisher) sendBatch(ctx context.Context, frames [][]byte) (sent int, err error) {
	if p.late.replay != nil {
		for _, frame := range frames {
			p.late.replay.add(frame)
		}
	}
	return p.socket.SendBatch(ctx, frames)
}

// ReplayEndpoint returns where the replay is bound, and whether there is one.
func (p *Publisher) ReplayEndpoint() (transport.Endpoint, bool) {
	if p.late.socket == nil {
		return transport.Endpoint{}, false
	}
	return p.late.socket.Endpoint(), true
}

// Kept returns what is kept for subscribers that have just come.
func (p *Publisher) Kept() KeptStats {
	var s KeptStats
	if p.late.last != nil {
		s.Last, s.LastBytes = p.late.last.stats()
		s.Welcomed = p.socket.Stats().Welcomed
	}
	if p.late.replay != nil {
		s.Replay, s.ReplayBytes = p.late.replay.stats()
		s.Replays = p.late.socket.Stats().Welcomed
	}
	return s
}

// close closes the port of the replay.
func (l *late) close() error {
	if l.socket == nil {
		return nil
	}
	return l.socket.Close()
}

// logLate tells where the replay is.
func (p *Publisher) logLate() {
	if at, ok := p.ReplayEndpoint(); ok {
		p.log.Info("publisher replays", zap.String("service", p.name), zap.Stringer("endpoint", at),
			zap.Int("count", p.late.replay.bounds.Messages), zap.Int64("size", p.late.replay.bounds.Bytes))
	}
}
