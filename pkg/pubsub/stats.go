package pubsub

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// SubscriberStats counts what a subscriber did since it was made. Hooks count in Bad alone.
type SubscriberStats struct {
	Received  uint64 // frames from publishers, heartbeats that only the subscriber itself wants among them
	Delivered uint64 // messages that the program got
	Filtered  uint64 // messages that the filter dropped
	// Duplicates were messages that had come already within the window; of those the filter was not asked.
	Duplicates uint64
	Bad        uint64 // frames that were no message
	Multipart  uint64 // refused: a message is one frame
	Queued     int64  // bytes that wait below, beside what was taken in one go
	// HandshakesFailed counts connections that publishers did not let us make, as often as the transport tells of them: when a reason is
	// new, and not each time that it tries again.
	HandshakesFailed uint64
	// Silent is how often a publisher was reconnected since it was not heard for too long.
	Silent uint64
}

// counts are those that no socket keeps.
type counts struct {
	delivered, filtered, duplicates atomic.Uint64
}

// Stats returns the counters.
func (s *Subscriber) Stats() SubscriberStats {
	stats := SubscriberStats{
		Delivered: s.counts.delivered.Load(),
		Filtered:  s.counts.filtered.Load(),
		Bad:       s.bad.total.Load(),

		Duplicates:       s.counts.duplicates.Load(),
		HandshakesFailed: s.handshakes.failed.Load(),
		Silent:           s.silence.found.Load(),
	}
	for _, source := range s.programSources() {
		below := source.sub.Stats()
		stats.Received += below.Received
		stats.Multipart += below.Multipart
		stats.Queued += below.Queued
	}
	return stats
}

// frameCost is what a frame costs in a queue beside its bytes, roughly.
const frameCost = 64

// noteQueue tells, on change, whether the program keeps up: frames are the first of what had gathered while it was busy.
func (s *Subscriber) noteQueue(frames []transport.Frame) {
	size := s.main.sub.Stats().Queued
	for i := range frames {
		size += int64(len(frames[i].Body)) + frameCost
	}
	switch most := s.config.MaxQueued; {
	case !s.full && size >= most/10*9:
		s.full = true
		s.log.Warn("queue was full: publishers are not read while the program does not keep up", zap.Int64("size", size), zap.Int("count", len(frames)))
	case s.full && size <= most/2:
		s.full = false
		s.log.Info("queue has room again", zap.Int64("size", size), zap.Int("count", len(frames)))
	}
}

// programSources are the sources of messages for the program.
func (s *Subscriber) programSources() []*source {
	s.mu.Lock()
	defer s.mu.Unlock()
	sources := []*source{s.main}
	for _, side := range s.sides {
		if side.hook == nil {
			sources = append(sources, side)
		}
	}
	return sources
}

// badFrames counts frames that are no message, by the field that is wrong. The first of each is logged, and then each tenfold.
type badFrames struct {
	total atomic.Uint64

	mu      sync.Mutex
	byField map[string]uint64
}

func (b *badFrames) count(log *zap.Logger, err error, frame transport.Frame) {
	b.total.Add(1)
	var field string
	if bad, ok := errors.AsType[*message.Error](err); ok {
		field = bad.Field
	}
	count := b.add(field)
	if isPowerOfTen(count) {
		log.Warn("received frame is no message", zap.Error(err), zap.Stringer("uri", frame.From), zap.Int("size", len(frame.Body)), zap.Uint64("count", count))
	}
}

func (b *badFrames) add(field string) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byField == nil {
		b.byField = make(map[string]uint64)
	}
	b.byField[field]++
	return b.byField[field]
}

func isPowerOfTen(n uint64) bool {
	for n >= 10 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}
