package lifecycle

import (
	"sync"
	"time"
)

// pagesInterval is the least time between two looks at the pages of the program, which take about a millisecond each.
const pagesInterval = 10 * time.Second

// programPages are the pages of the program's file that are mapped. All that it does brings some, and none goes by itself: after a flood of bad requests an idle
// daemon would be larger than before by what it had needed for them.
type programPages struct {
	mu      sync.Mutex
	dropped time.Time
}

// drop gives them back, not too often.
func (p *programPages) drop(now time.Time) error {
	if !p.due(now) {
		return nil
	}
	return dropProgramPages()
}

// due tells whether they are to be dropped now.
func (p *programPages) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dropped.IsZero() && now.Sub(p.dropped) < pagesInterval {
		return false
	}
	p.dropped = now
	return true
}
