package pubsub

import "sync"

// maxRefusals bounds what is remembered of publishers that can't be used. Beyond it all is forgotten, and logged again.
const maxRefusals = 4096

// refusals remembers why publishers were passed over, so that each reason is logged once, until they can be used. What is announced can be another
// reason each time, or another publisher.
type refusals struct {
	mu      sync.Mutex
	reasons map[string]string // by URI
	lines   budget
}

// first tells whether this is news for the log, and how many such were left out before.
func (r *refusals) first(uri string, err error) (leftOut uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reasons[uri] == err.Error() {
		return 0, false
	}
	if leftOut, ok = r.lines.allow(allBurst, allInterval); !ok {
		return 0, false
	}
	if r.reasons == nil || len(r.reasons) >= maxRefusals {
		r.reasons = make(map[string]string)
	}
	r.reasons[uri] = err.Error()
	return leftOut, true
}

// forget takes note that a publisher can be used now.
func (r *refusals) forget(uri string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.reasons, uri)
}
