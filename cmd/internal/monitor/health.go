package monitor

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pytroll/posttroll-go/pkg/httpd"
)

// Health is what probes ask for. The zero value is that of a daemon that begins: well, and not ready.
type Health struct {
	ready atomic.Bool
	beat  atomic.Pointer[time.Time] // when all loops of the daemon were last known to go round; nil: not yet
}

// Times of [Health].
const (
	beatEvery = 5 * time.Second // at least
	beatLimit = 4 * beatEvery   // without a beat it is not well
)

// Interval is how often Beat has to be called at least, where the service manager wants it each watched; 0: it does not care.
func (h *Health) Interval(watched time.Duration) time.Duration {
	if watched > 0 {
		return min(beatEvery, watched)
	}
	return beatEvery
}

// Beat notes that all loops go round.
func (h *Health) Beat() { h.beat.Store(new(time.Now())) } // with its monotonic part: whoever sets the clock makes nobody ill

// Well tells whether they do.
func (h *Health) Well() bool {
	last := h.beat.Load()
	return last == nil || time.Since(*last) < beatLimit
}

// SetReady says whether the daemon serves.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

// Ready tells whether it does.
func (h *Health) Ready() bool { return h.ready.Load() }

// probe answers whether something is as it should be; else with bad.
func probe(good func() bool, bad string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if !good() {
			httpd.WriteError(w, http.StatusServiceUnavailable, bad)
			return
		}
		httpd.WriteJSON(w, map[string]string{"status": "ok"})
	}
}
