package pubsub

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// Heartbeats (doc/protocol.md, section 2), as they go over the wire.
const (
	heartbeatTopic = message.Magic + "/heartbeat/"
	heartbeatType  = "beat"
)

// Bounds of what is made of heartbeats.
const (
	// minSilence is the least time after which a publisher is taken for silent: heartbeats wait for a program that is busy, and for each other.
	minSilence = 5 * time.Second
	// maxPromise is the longest interval that is believed; beyond it a heartbeat promises nothing.
	maxPromise = 24 * time.Hour
	// maxHeartbeat is the size in bytes of the largest frame that is looked at.
	maxHeartbeat = 4096
	// maxPatience is how often the time doubles for a publisher that breaks its promises but lives.
	maxPatience = 6
	// leastFactor and mostFactor bound SilenceFactor.
	leastFactor, mostFactor = 1, 1000
)

// checkSilenceFactor says why f can't be used.
func checkSilenceFactor(f float64) error {
	if f == 0 || f >= leastFactor && f <= mostFactor {
		return nil
	}
	return fmt.Errorf("silence factor of %v: want %d to %d, or 0 for none", f, leastFactor, mostFactor)
}

// silence knows which publishers have promised, by a heartbeat, to be heard again, and when they were heard last.
//
// A publisher may pass on what others publish, their heartbeats too. So it counts as silent only when all of the promises that came from it are broken, and has
// promised nothing any more then: if one of those others has died, that is noticed once at most.
//
// Python programs send a heartbeat at most once per interval, and less often where their loop is slower. So the time doubles with each promise that is broken,
// until one is kept.
type silence struct {
	factor  float64 // 0: off
	changed wakeup  // a promise that ends before what is waited for
	found   atomic.Uint64

	mu       sync.Mutex
	promises map[transport.Endpoint]*promise
	astray   time.Time // the last frame of which nobody can tell where it came from: it may be from any publisher
	waiting  time.Time // what is waited for; zero: nothing
	lines    budget
}

// wakeup holds a value when there is something new to look at.
type wakeup chan struct{}

func (w wakeup) wake() {
	select {
	case w <- struct{}{}:
	default: // it will look
	}
}

// promise is that of a publisher to be heard again.
type promise struct {
	window time.Duration // within which something must come; 0: nothing is promised
	until  time.Time     // the end of what was promised by heartbeats
	heard  time.Time     // the last frame
	beat   time.Time     // the last heartbeat
	broken int           // promises in a row
	told   bool          // the log has that it was silent
	away   bool          // not connected: the transport is after it
}

func newSilence(factor float64) *silence {
	return &silence{factor: factor, changed: make(wakeup, 1), promises: make(map[transport.Endpoint]*promise)}
}

func (s *silence) on() bool { return s.factor > 0 }

// note takes in what came from src at now.
func (s *silence) note(log *zap.Logger, src *source, frames []transport.Frame, now time.Time) {
	if !s.on() || src.hook != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	src.noted, src.notedBefore = now, src.noted
	var last transport.Endpoint
	for i := range frames {
		f := &frames[i]
		if i == 0 || f.From != last {
			last = f.From
			s.hear(last, now)
		}
		if isHeartbeat(f.Body) && !src.deaf.Load() {
			s.take(log, f, now)
		}
	}
}

func isHeartbeat(frame []byte) bool {
	return len(frame) > len(heartbeatTopic) && string(frame[:len(heartbeatTopic)]) == heartbeatTopic
}

// hear notes that from lives.
func (s *silence) hear(from transport.Endpoint, now time.Time) {
	if from.IsZero() {
		s.astray = now
	} else if p := s.promises[from]; p != nil {
		p.heard = now
	}
}

// take takes in a heartbeat.
func (s *silence) take(log *zap.Logger, f *transport.Frame, now time.Time) {
	interval := promised(f.Body)
	if interval == 0 || f.From.IsZero() {
		return
	}
	p := s.promises[f.From]
	if p == nil {
		p = &promise{heard: now}
		s.promises[f.From] = p
	}
	if p.told {
		p.told = false
		log.Info("publisher heard again", zap.Stringer("uri", f.From))
	}
	window := max(time.Duration(float64(interval)*s.factor), minSilence)
	if now.Sub(p.beat) <= window {
		p.broken = 0
	}
	p.beat = now
	window <<= p.broken
	end := now.Add(window)
	if end.Before(p.until) {
		return // a longer promise stands: somebody else's, behind the same publisher
	}
	p.window, p.until = window, end
	if s.waiting.IsZero() || end.Before(s.waiting) {
		s.changed.wake()
	}
}

// promised is the time within which a heartbeat promises the next one; 0: it promises nothing that could be counted on.
func promised(frame []byte) time.Duration {
	if len(frame) > maxHeartbeat {
		return 0
	}
	m, err := message.Decode(frame)
	if err != nil || m.Type() != heartbeatType {
		return 0
	}
	v, err := m.PlainData()
	object, ok := v.(*message.Object)
	if err != nil || !ok {
		return 0
	}
	var seconds float64
	switch v, _ := object.Get("min_interval"); v := v.(type) {
	case int64:
		seconds = float64(v)
	case float64:
		seconds = v
	}
	if math.IsNaN(seconds) || seconds <= 0 || seconds > maxPromise.Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// event takes in what happened to a connection: while there is none the transport is after it, and its patience begins with the next one.
func (s *silence) event(e transport.Event, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.promises[e.Peer.Endpoint]
	if p == nil {
		return
	}
	p.away = e.Kind != transport.Connected
	if p.heard = now; !p.away && p.window > 0 {
		s.changed.wake()
	}
}

// forget drops what is known of a publisher that was left.
func (s *silence) forget(from transport.Endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.promises, from)
}

// forgetAll drops all promises.
func (s *silence) forgetAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.promises)
}

// end is when p is broken, if nothing comes.
func (s *silence) end(p *promise) time.Time {
	heard := p.heard
	if s.astray.After(heard) {
		heard = s.astray
	}
	if end := heard.Add(p.window); end.After(p.until) {
		return end
	}
	return p.until
}

// known is the time up to which all that has come is noted. What waits in src may have come after the last time that src was read; and where its queue was full
// then, after the time before.
func (s *silence) known(src *source, now time.Time) time.Time {
	if src.sub.Stats().Queued == 0 {
		return now
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return src.notedBefore
}

// next returns when to look again, and which publishers have broken their promises, sorted, where all that came up to known is noted. Zero: there is nothing to
// wait for.
func (s *silence) next(now, known time.Time) (next time.Time, silent []transport.Endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for from, p := range s.promises {
		if p.window == 0 || p.away {
			continue
		}
		end := s.end(p)
		if !end.After(known) {
			silent = append(silent, from)
			continue
		}
		if !end.After(now) {
			end = now.Add(minSilence) // nobody can tell yet
		}
		if next.IsZero() || end.Before(next) {
			next = end
		}
	}
	s.waiting = next
	slices.SortFunc(silent, func(a, b transport.Endpoint) int { return strings.Compare(a.String(), b.String()) })
	return next, silent
}

// giveUp forgets the promise of a silent publisher until the next one. It returns how long the publisher was silent, and whether that is for the log, with
// how many such were left out before.
func (s *silence) giveUp(from transport.Endpoint, now time.Time) (age time.Duration, leftOut uint64, ok bool) {
	s.found.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.promises[from]
	if p == nil {
		return 0, 0, false
	}
	p.window, p.until = 0, time.Time{}
	p.broken = min(p.broken+1, maxPatience)
	leftOut, ok = s.lines.allow(allBurst, allInterval)
	p.told = ok
	return now.Sub(p.heard), leftOut, ok
}

// watchSilence reconnects publishers that have promised to be heard and are silent, until the subscriber is closed. It sleeps while nothing is promised.
func (s *Subscriber) watchSilence() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.closed:
			return
		case <-s.silence.changed:
		case <-timer.C:
		}
		if next := s.lookForSilence(time.Now()); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
	}
}

// lookForSilence reconnects the publishers that are silent at now, and returns when to look again.
func (s *Subscriber) lookForSilence(now time.Time) time.Time {
	known := now
	for _, src := range s.programSources() {
		if at := s.silence.known(src, now); at.Before(known) {
			known = at
		}
	}
	next, silent := s.silence.next(now, known)
	for _, from := range silent {
		age, leftOut, tell := s.silence.giveUp(from, now)
		if tell {
			s.log.Warn("publisher is silent: connecting anew", zap.Stringer("uri", from), zap.Duration("age", age), left(leftOut))
		}
		if err := s.reconnectAt(from); err != nil && !errors.Is(err, ErrClosed) {
			s.log.Error("publisher not connected anew", zap.Stringer("uri", from), zap.Error(err))
		}
	}
	return next
}
