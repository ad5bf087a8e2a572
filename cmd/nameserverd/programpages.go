package main

import (
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// startTime is when the program has done what it does once.
	startTime = time.Second
	// pagesInterval is the least time between two looks at the pages of the program, which take about a millisecond each.
	pagesInterval = 10 * time.Second
)

// programPages are the pages of the program's file that are mapped. All that it does brings some, and none goes by itself: after a flood of bad requests an idle
// nameserver would be larger than before by what it had needed for them.
type programPages struct {
	mu      sync.Mutex
	dropped time.Time
}

// drop gives them back, not too often.
func (p *programPages) drop(log *zap.Logger) {
	if !p.due(time.Now()) {
		return
	}
	if err := dropProgramPages(); err != nil {
		log.Debug("pages of the program stay in memory", zap.Error(err))
	}
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
