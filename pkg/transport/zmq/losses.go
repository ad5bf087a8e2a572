package zmq

import (
	"time"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

const (
	// lossInterval is the time between two looks at subscribers that lose messages. It grows up to maxLossInterval while nothing happens.
	lossInterval    = time.Second
	maxLossInterval = 10 * time.Second
	// overflowInterval is the least time between two looks for whose queue it is that has run full; each is followed by overflowRest times the time that it took.
	overflowInterval = 5 * time.Millisecond
	overflowRest     = 20
)

// losses finds out which subscribers of a publisher lose messages, and how many. All is under the socket's mu.
//
// libzmq tells that a message has met a full queue, but once for each time that the queue runs full, and not whose it is (ZMQ_XPUB_NODROP): further messages pass
// over that subscriber until it has room again. So nothing has to be watched as long as all keep up. When a queue runs full, all subscribers are looked at to which the
// message goes. The one that the kernel has unsent bytes for is it; of several each may be, and those are held for it which turn out to have missed more than a queue
// holds.
type losses struct {
	p       *publisher
	queue   int // messages held for a subscriber
	backend transport.Backend

	stats  transport.LossStats // without the spells
	spells []*spell
	timer  *time.Timer
	every  time.Duration // between two looks
	due    time.Time     // of the next look for an overflow
	missed []byte        // beginning of the message of the last overflow that was not looked for, as far as topics reach
	behind bool          // that there is one
	lines  budget
}

func newLosses(p *publisher) *losses {
	l := &losses{p: p}
	l.timer = time.AfterFunc(time.Hour, l.tick)
	l.timer.Stop()
	return l
}

// sent takes in a message that was sent; full tells whether it has met a full queue.
func (l *losses) sent(frame []byte, full bool) {
	if len(l.p.topics.count) == 0 {
		l.stats.Unheard++
	}
	if full {
		l.overflow(frame, time.Now())
	}
	if len(l.spells) > 0 {
		l.count(frame)
	}
}

// sentMany takes in messages that were sent; full tells whether the last of them has met a full queue.
func (l *losses) sentMany(frames [][]byte, full bool) {
	last := len(frames) - 1
	if len(l.spells) > 0 || len(l.p.topics.count) == 0 {
		for _, frame := range frames[:last] {
			l.sent(frame, false)
		}
	}
	l.sent(frames[last], full)
}

// count counts a message for those that should get it.
func (l *losses) count(frame []byte) {
	size := wireBytes(len(frame), l.backend)
	for _, s := range l.spells {
		if s.estimated && s.c.topics.covers(frame) {
			s.sent.add(size)
		}
	}
	if l.every > lossInterval {
		l.every = lossInterval
		l.timer.Reset(l.every)
	}
}

// overflow takes in that frame has met a full queue.
func (l *losses) overflow(frame []byte, now time.Time) {
	l.stats.Overflows++
	if wait := l.due.Sub(now); wait > 0 {
		if !l.behind {
			l.timer.Reset(wait)
		}
		l.behind = true
		l.missed = append(l.missed[:0], frame[:min(len(frame), maxTopic)]...) // the frame is the caller's again soon
		return
	}
	l.accuse(frame, now)
}

// accuse looks for whose queue it is that frame has met full.
func (l *losses) accuse(frame []byte, now time.Time) {
	l.behind = false
	l.p.readTopics()
	explained, suspects := l.explain(frame)
	for fd, c := range l.p.connections() {
		if c.spell == nil && !c.cut && c.topics.covers(frame) {
			if b, ok := progressOf(fd, c.id); ok {
				suspects = append(suspects, &spell{c: c, fd: fd, queue: l.queue, start: b, now: b})
			}
		}
	}
	suspects = mostLikely(suspects, explained)
	for _, s := range suspects {
		if s.c.spell == nil {
			l.open(s, now)
		}
	}
	if len(suspects) == 1 && !explained {
		suspects[0].begin(now)
		l.began(suspects[0], now)
	}
	took := time.Since(now)
	l.due = now.Add(took + max(overflowInterval, overflowRest*took))
	if len(suspects) > 0 && l.every != lossInterval {
		l.every = lossInterval
		l.timer.Reset(l.every)
	}
}

// explain tells whether it may be a queue that is known to run full, and returns the spells that are not certain yet.
func (l *losses) explain(frame []byte) (explained bool, suspects []*spell) {
	for _, s := range l.spells {
		b, ok := progressOf(s.fd, s.c.id)
		if !ok || !s.c.topics.covers(frame) {
			continue
		}
		s.now = b
		if !s.certain {
			suspects = append(suspects, s)
		} else if s.refills() {
			explained = true
		}
	}
	return explained, suspects
}

// mostLikely returns those whose peers have no room. Where all have, and nothing else explains what has happened, we are what is too slow: any of them may be it.
func mostLikely(suspects []*spell, explained bool) []*spell {
	var waiting []*spell
	for _, s := range suspects {
		if s.now.unsent > 0 {
			waiting = append(waiting, s)
		}
	}
	if len(waiting) > 0 || explained {
		return waiting
	}
	return suspects
}

// open enters a spell.
func (l *losses) open(s *spell, now time.Time) {
	estimated := 0
	for _, other := range l.spells {
		if other.estimated {
			estimated++
		}
	}
	s.estimated = estimated < maxEstimated && len(s.c.topics.sizes) <= maxTopicSizes
	s.c.spell = s
	s.since = now
	s.restart()
	l.spells = append(l.spells, s)
}

// tick is called by the timer.
func (l *losses) tick() {
	if l.p.lock() != nil {
		return
	}
	defer l.p.mu.Unlock()
	now := time.Now()
	if l.behind {
		l.accuse(l.missed, now)
	}
	l.look(now)
}

// look looks at all spells, and ends those that are over.
func (l *losses) look(now time.Time) {
	moved := false
	for _, s := range append([]*spell(nil), l.spells...) {
		b, ok := progressOf(s.fd, s.c.id)
		if !ok || s.c.cut || s.c.topics.len() == 0 {
			l.end(s, true, now)
			continue
		}
		s.now = b
		s.estimated = s.estimated && len(s.c.topics.sizes) <= maxTopicSizes
		moved = moved || s.last.sent != s.sent || s.last.written != b.written || !s.calmSince.IsZero()
		if s.calm(now) {
			s.settle()
			l.end(s, false, now)
			continue
		}
		if s.estimate() {
			l.began(s, now)
		}
	}
	switch {
	case len(l.spells) == 0:
		l.every = 0
		return
	case moved:
		l.every = lossInterval
	default:
		l.every = min(2*l.every, maxLossInterval)
	}
	l.timer.Reset(l.every)
}

// left is called when a subscriber has gone.
func (l *losses) left() {
	if len(l.spells) == 0 {
		return
	}
	now := time.Now()
	for _, s := range append([]*spell(nil), l.spells...) {
		if id, ok := identify(s.fd); !ok || id != s.c.id {
			l.end(s, true, now)
		}
	}
}

// total returns the counters, those of the spells included.
func (l *losses) total() transport.LossStats {
	sum := l.stats
	for _, s := range l.spells {
		if s.certain {
			sum.Slow++
			sum.LostEstimate += s.lost
		}
	}
	return sum
}
