package zmq

/*
#include <stdlib.h> // says whether this is glibc, with which other C libraries it is there, too
#include "spare.h"
#ifdef __GLIBC__
#include <malloc.h>
static void ptz_trim(void) { malloc_trim(0); }
static void ptz_bound(int large, int top) {
	mallopt(M_MMAP_THRESHOLD, large);
	mallopt(M_TRIM_THRESHOLD, top);
}
#else
static void ptz_trim(void) {} // musl gives memory back by itself, and macOS has a way of its own
static void ptz_bound(int large, int top) { (void)large, (void)top; }
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
//
// It does not look at the end of a heap then, but for that of the first thread. That goes back when something is freed and the end has become larger than a bound, which glibc
// doubles with each large message that it sees, up to 64 MB for each thread. So the bounds are set once and for all.

const (
	// trimDelay is the time from the end of a connection to that. libzmq frees its queues a little later.
	trimDelay = 2 * time.Second
	// trimLate is the time from there to another look, for what is freed later: on a busy machine, or by an end that libzmq hears of late.
	trimLate = 20 * time.Second
	// trimRest is how much longer than it took nothing is done, as a rule: 0.5 % of the time goes into it, however large the heap.
	trimRest = 200
	// mostTrimRest bounds that: on a busy machine it takes long since others are at work.
	mostTrimRest = 5 * time.Second

	// largeBytes are asked of the system and given back to it one by one. That doubles the time that a message of 10 MB takes, and is too much for what is smaller.
	// Replies have blocks that are kept for a moment (spare.c).
	largeBytes = 1 << 20
	// topBytes may stay at the end of each heap.
	topBytes = 2 << 20
)

// boundHeap sets the bounds of the C library.
var boundHeap = sync.OnceFunc(func() { C.ptz_bound(largeBytes, topBytes) })

// trimmer has it done, not too often.
type trimmer struct {
	mu      sync.Mutex
	pending bool
	took    time.Duration // the last time
	ended   time.Time
	late    *time.Timer
	also    map[*Transport]func()

	turn sync.Mutex // of those that look
}

// heap is that of the process: all transports have one C library.
var heap trimmer

// soon is called when a connection has ended, or memory is kept for a moment.
func (t *trimmer) soon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.pending {
		t.pending = true
		time.AfterFunc(t.rest(time.Now()), t.trim)
	}
}

// rest is the time until the next look.
func (t *trimmer) rest(now time.Time) time.Duration {
	return max(trimDelay, min(trimRest*t.took, mostTrimRest)-now.Sub(t.ended))
}

func (t *trimmer) trim() {
	t.mu.Lock()
	t.pending = false // what is freed from here on may be missed
	t.mu.Unlock()
	t.look()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late == nil {
		t.late = time.AfterFunc(trimLate, t.look)
	}
	t.late.Reset(trimLate)
}

// look has the C library give back what is free.
func (t *trimmer) look() {
	t.turn.Lock()
	defer t.turn.Unlock()
	begin := time.Now()
	freeSpares()
	C.ptz_trim()
	t.mu.Lock()
	also := slices.Collect(maps.Values(t.also))
	t.mu.Unlock()
	for _, f := range also {
		f()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = time.Now()
	t.took = t.ended.Sub(begin)
}

// freeSpares frees the blocks that wait for replies, and returns how many.
func freeSpares() int { return int(C.ptz_spare_free()) }

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
