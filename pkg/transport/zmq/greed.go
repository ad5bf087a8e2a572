package zmq

import (
	"cmp"
	"slices"
	"time"

	"go.uber.org/zap"
)

const (
	// cutInterval is the time between two lines in the log about subscribers that are cut.
	cutInterval = time.Minute
	// roomInterval is the least time between two looks for room: what those had that were cut is there until libzmq has taken it back.
	roomInterval = 250 * time.Millisecond
)

// greed is what a publisher knows of subscribers that were cut since they asked for too many topics.
type greed struct {
	cuts   uint64
	logged time.Time
	looked time.Time // for room
}

// makeRoom cuts the subscribers that ask for most, until there is room for the topics of the others: many connections must not do together what one may not. The
// socket's mu is held.
func (p *publisher) makeRoom(now time.Time) {
	if now.Sub(p.greed.looked) < roomInterval {
		return
	}
	p.greed.looked = now
	type candidate struct {
		fd int
		c  *clientConn
	}
	var all []candidate
	var live load // of these
	excess := p.topics.load.less(mostLoad)
	for fd, c := range p.connections() {
		if id, ok := identify(fd); c.topics.len() == 0 || !ok || id != c.id {
			continue
		}
		if c.cut {
			excess = excess.less(c.topics.load()) // is about to be taken back
		} else {
			all = append(all, candidate{fd, c})
			live = live.more(c.topics.load())
		}
	}
	// Topics of connections that have ended count until libzmq takes them back, which may be much later. No room comes of cutting others for them.
	excess = excess.least(live.less(mostLoad))
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(b.c.topics.bytes, a.c.topics.bytes) })
	for _, greedy := range all {
		if !excess.some() {
			return
		}
		excess = excess.less(greedy.c.topics.load())
		p.cutGreedy(greedy.fd, greedy.c)
	}
}

// cutGreedy cuts a subscriber that asks for too many topics.
func (p *publisher) cutGreedy(fd int, c *clientConn) {
	if c.cut {
		return
	}
	c.cut = true
	if !c.id.cut(fd) {
		return
	}
	// It comes back at once, as a rule, to be cut again: so one line in cutInterval is enough.
	p.greed.cuts++
	if now := time.Now(); p.greed.logged.IsZero() || now.Sub(p.greed.logged) >= cutInterval {
		p.greed.logged = now
		p.log.Warn("subscriber cut: it asks for too many topics", zap.Stringer("uri", p.endpoint), zap.Stringer("peer", c.id.peer),
			zap.Int("bytes", c.topics.bytes), zap.Uint64("count", p.greed.cuts))
	}
}
