package inmem

import "time"

// lose counts a frame that l has no room for. The caller holds mu.
func (p *Publisher) lose(l *link) {
	p.loss.LostEstimate++
	l.slow.LostEstimate++
	if !l.full {
		l.full = true
		p.loss.Overflows++
	}
	if !l.slow.Now() {
		p.loss.Episodes++
		l.slow.Episodes++
		l.slow.Since = time.Now()
	}
}

// caughtUp ends an episode when nothing waits any more.
func (l *link) caughtUp() {
	if len(l.pending) == 0 {
		l.full, l.slow.Since = false, time.Time{}
	}
}
