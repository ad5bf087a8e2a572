package discovery

import (
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
)

// refusals logs what was refused, each once, and counts. It may be used concurrently.
type refusals struct {
	log   *zap.Logger
	count atomic.Uint64

	mu   sync.Mutex
	seen map[string]bool
}

// maxRefusals bounds how many different refusals are logged.
const maxRefusals = 256

func (r *refusals) add(err error) {
	r.count.Add(1)
	text := err.Error()
	r.mu.Lock()
	known := r.seen[text] || len(r.seen) >= maxRefusals
	if !known {
		if r.seen == nil {
			r.seen = make(map[string]bool)
		}
		r.seen[text] = true
	}
	r.mu.Unlock()
	if !known {
		r.log.Warn("announcement passed over", zap.Error(err))
	}
}
