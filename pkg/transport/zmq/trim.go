package zmq

/*
#include <features.h>
#ifdef __GLIBC__
#include <malloc.h>
static void ptz_trim(void) { malloc_trim(0); }
#else
static void ptz_trim(void) {} // musl gives memory back by itself
#endif
*/
import "C"

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// What libzmq has freed stays with the process as a rule: the C library gives back what is at the end of a heap, and a few bytes that are still in use
// there keep all of it. So a peer that sends half a message of many parts, or never reads what it asked for, would leave the process as large as it has once been,
// though nothing of that is used. After connections have ended, who may have had much in their queues, the C library is told to look at all that is free.

const (
	// trimDelay is the time from the end of a connection to that. libzmq frees its queues a little later.
	trimDelay = 2 * time.Second
	// trimRest is how much longer than it took nothing is done: at most 0.5 % of the time goes into it, however large the heap.
	trimRest = 200
)

// trimmer has it done, not too often.
type trimmer struct {
	mu      sync.Mutex
	pending bool
	took    time.Duration // the last time
	also    map[*Transport]func()
}

// heap is that of the process: all transports have one C library.
var heap trimmer

// soon is called when a connection has ended.
func (t *trimmer) soon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.pending {
		t.pending = true
		time.AfterFunc(max(trimDelay, trimRest*t.took), t.trim)
	}
}

func (t *trimmer) trim() {
	begin := time.Now()
	C.ptz_trim()
	t.mu.Lock()
	also := slices.Collect(maps.Values(t.also))
	t.mu.Unlock()
	for _, f := range also {
		f()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending, t.took = false, time.Since(begin)
}

// call has f called, too, each time, until the transport forgets it with nil.
func (t *trimmer) call(of *Transport, f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f == nil {
		delete(t.also, of)
		return
	}
	if t.also == nil {
		t.also = make(map[*Transport]func())
	}
	t.also[of] = f
}
