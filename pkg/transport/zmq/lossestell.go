package zmq

import (
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// slowAgain is how long after a line about a slow subscriber further episodes of the same connection are counted only.
const slowAgain = 10 * time.Minute

// slowHistory is what a connection has lost before.
type slowHistory struct {
	transport.Slowness // but for the spell that it is in

	logged time.Time // when the last line was written
	unsaid uint64    // episodes since
	spoken bool      // the log knows of the spell that it is in
}

// slowness is what c has lost, with the spell that it is in.
func (c *clientConn) slowness() transport.Slowness {
	now := c.spell.slowness()
	now.Episodes += c.slow.Episodes
	now.LostEstimate += c.slow.LostEstimate
	return now
}

// began counts and tells that a subscriber has begun to lose messages.
func (l *losses) began(s *spell, now time.Time) {
	l.stats.Episodes++
	h := &s.c.slow
	h.unsaid++
	h.spoken = (h.logged.IsZero() || now.Sub(h.logged) >= slowAgain) && l.lines.allow(now)
	if !h.spoken {
		return
	}
	l.p.log.Warn("subscriber does not keep up: messages for it are lost", append(l.fields(s.c), zap.Int("queue", l.queue), zap.Uint64("count", h.unsaid))...)
	h.logged, h.unsaid = now, 0
}

// end takes out a spell.
func (l *losses) end(s *spell, gone bool, now time.Time) {
	if gone {
		s.estimate()
	}
	l.spells = slices.DeleteFunc(l.spells, func(other *spell) bool { return other == s })
	s.c.spell = nil
	if !s.certain {
		return
	}
	l.stats.LostEstimate += s.lost
	h := &s.c.slow
	h.Episodes++
	h.LostEstimate += s.lost
	if !h.spoken {
		return
	}
	fields := append(l.fields(s.c), zap.Duration("age", now.Sub(s.since)))
	if s.knows() {
		fields = append(fields, zap.Uint64("lost_estimate", s.lost))
	}
	if gone {
		l.p.log.Info("subscriber that did not keep up has gone", fields...)
	} else {
		l.p.log.Info("subscriber keeps up again", fields...)
	}
}

// fields say which subscriber of which publisher.
func (l *losses) fields(c *clientConn) []zap.Field {
	peer := zap.String("peer", "ipc")
	if c.id.peer.IsValid() {
		peer = zap.Stringer("peer", c.id.peer)
	}
	return append(clientField(c.identity), zap.Stringer("uri", l.p.endpoint), peer)
}
