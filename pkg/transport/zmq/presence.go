package zmq

import (
	"sync"
	"time"
)

// absence is how long a program may do something else before somebody reads for it, or twice that. A publisher that sends 100,000 messages a second sends 1,000 in
// twice that time, for which there is room on the way: in libzmq's queue, in the kernel's, and in that of the publisher. With a tenth of it the timer
// was a large part of what a subscriber does at some 10,000 messages a second on a busy machine.
const absence = 5 * time.Millisecond

// presence tells whether the program is in Receive, and whether it has been away from there for long. While the program is busy there is a timer that fires each
// absence, and not one that is set for each batch; while the program waits there is none.
type presence struct {
	away func() // called when the program has been away for an absence; it runs in a goroutine of its own

	mu    sync.Mutex
	hurry bool // an absence is too long
	here  bool
	calls uint64 // of enter
	seen  uint64 // calls, when the timer fired last
	armed bool
	timer *time.Timer
}

func newPresence(away func()) *presence {
	p := &presence{away: away}
	p.timer = time.AfterFunc(time.Hour, p.tick)
	p.timer.Stop()
	return p
}

// enter is called when the program begins to read.
func (p *presence) enter() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.here = true
	p.calls++
}

// leave is called when it ends to.
func (p *presence) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.here = false
	switch {
	case p.hurry:
		p.arm(0)
	case !p.armed:
		p.arm(absence)
	}
}

// setHurry says whether away is to be called as soon as the program leaves, and not after an absence.
func (p *presence) setHurry(hurry bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hurry = hurry
	if hurry && !p.here {
		p.arm(0)
	}
}

func (p *presence) arm(d time.Duration) {
	p.armed = true
	p.timer.Reset(d)
}

func (p *presence) isHere() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.here
}

// tick is called by the timer.
func (p *presence) tick() {
	if p.left() {
		p.away()
	}
}

// left tells whether the program has been away since the last tick.
func (p *presence) left() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.here && !p.hurry && p.calls != p.seen {
		p.seen = p.calls
		p.timer.Reset(absence)
		return false
	}
	p.armed = false
	return !p.here
}

// stop ends the timer.
func (p *presence) stop() { p.timer.Stop() }
