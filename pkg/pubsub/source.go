package pubsub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// receiver is what a subscriber reads from: a [transport.Subscriber] or a [transport.Puller].
type receiver interface {
	Receive(context.Context) ([]transport.Frame, error)
	Close() error
}

// source is one socket. Most subscribers have but the main one; addresses with topics of their own and hooks have others beside it.
type source struct {
	receiver
	sub  transport.Subscriber   // nil: a puller
	hook func(*message.Message) // nil: messages are for the program
	// beats is set where heartbeats are subscribed to, whether the topics cover them or not.
	beats bool

	// When it was read, and the time before; guarded by the mu of the silence.
	noted, notedBefore time.Time

	mu     sync.Mutex // held while topics change
	topics topicSet
	wire   topicSet // what is subscribed to

	deaf     atomic.Bool              // nothing is subscribed to
	replaced atomic.Pointer[topicSet] // the topics, where frames come in that they do not cover: there were others before, or heartbeats are besides; else nil
}

// batch is what was received from a source in one go.
type batch struct {
	frames []transport.Frame
	source *source
	at     time.Time     // when they came in
	taken  chan struct{} // closed when all frames are handled; nil for the main source
}

// done lets the pump of the source go on.
func (b *batch) done() {
	if b.taken != nil {
		close(b.taken)
	}
	*b = batch{}
}

// newSource makes a socket that subscribes to topics and is connected to nothing.
func (s *Subscriber) newSource(topics topicSet) (*source, error) {
	sub, err := s.node.transport.Subscriber(s.config)
	if err != nil {
		return nil, err
	}
	src := &source{receiver: sub, sub: sub, beats: s.silence.on()}
	if err := src.setTopics(topics); err != nil {
		return nil, errors.Join(err, sub.Close())
	}
	return src, nil
}

// setTopics subscribes to what is new in topics, then unsubscribes from what is not in it.
func (src *source) setTopics(topics topicSet) error {
	src.mu.Lock()
	defer src.mu.Unlock()
	wire := topics
	if src.beats {
		wire = topics.withHeartbeats()
	}
	for _, topic := range wire {
		if !slices.Contains(src.wire, topic) {
			if err := src.sub.Subscribe(topic); err != nil {
				return err
			}
		}
	}
	for _, topic := range src.wire {
		if !slices.Contains(wire, topic) {
			if err := src.sub.Unsubscribe(topic); err != nil {
				return err
			}
		}
	}
	if src.topics != nil || len(wire) > len(topics) {
		src.replaced.Store(&topics)
	}
	src.topics, src.wire = topics, wire
	src.deaf.Store(len(wire) == 0)
	return nil
}

func (src *source) topicKey() string {
	src.mu.Lock()
	defer src.mu.Unlock()
	return src.topics.key()
}

// addSide lets src be read beside the main source until the subscriber is closed.
func (s *Subscriber) addSide(src *source) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosed() {
		return ErrClosed
	}
	s.sides = append(s.sides, src)
	s.wg.Go(func() { s.pump(src) })
	return nil
}

// pump hands what src receives to the goroutine that receives, one batch at a time. It ends when src is closed.
func (s *Subscriber) pump(src *source) {
	for {
		frames, err := src.Receive(context.Background())
		if err != nil {
			if !errors.Is(err, ErrClosed) {
				s.log.Error("hook ended", zap.Error(err))
			}
			return
		}
		now := time.Now()
		s.silence.note(s.log, src, frames, now)
		taken := make(chan struct{})
		s.mu.Lock()
		s.ready = append(s.ready, batch{frames: frames, source: src, at: now, taken: taken})
		s.mu.Unlock()
		s.wake.wake()
		select {
		case <-taken:
		case <-s.closed:
			return
		}
	}
}

// nextReady takes a batch of a side source, if there is one.
func (s *Subscriber) nextReady() (batch, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ready) == 0 {
		return batch{}, false
	}
	b := s.ready[0]
	s.ready = slices.Delete(s.ready, 0, 1)
	return b, true
}
