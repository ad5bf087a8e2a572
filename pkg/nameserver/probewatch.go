package nameserver

import (
	"container/heap"
	"time"
)

// watch is a publisher that is to be probed.
type watch struct {
	uri string
	due time.Time

	// since is its last announcement: one that was announced later is not silent. Zero for a newcomer, which is probed once to know whether it can be
	// reached at all.
	since time.Time

	tries   int       // probes that have answered, or told nothing
	misses  int       // time-outs in a row
	missed  time.Time // when the first of these began
	certain time.Time // when it was known that it is not we who are cut off

	place  int    // in the heap; -1: it is being probed
	follow *watch // what is to come next, instead of another try
}

func (w *watch) newcomer() bool { return w.since.IsZero() }

// watches are publishers by when they are due; each is in it once.
type watches struct {
	byURI map[string]*watch
	heap  watchHeap
}

// put adds w, or changes when it is due: the earlier time counts for the same silence, and a newer silence for an older one. What is being probed, and a
// newcomer, come to their end first.
func (all *watches) put(w *watch) {
	if all.byURI == nil {
		all.byURI = make(map[string]*watch)
	}
	old, ok := all.byURI[w.uri]
	switch {
	case !ok:
	case w.newcomer(), old.since.Equal(w.since) && (old.place < 0 || !w.due.Before(old.due)):
		return
	case old.newcomer(), old.place < 0:
		old.follow = w
		return
	default:
		heap.Remove(&all.heap, old.place)
	}
	all.byURI[w.uri] = w
	heap.Push(&all.heap, w)
}

// next returns the first one that is due at now, which stays among the watches until again or drop.
func (all *watches) next(now time.Time) *watch {
	if len(all.heap) == 0 || all.heap[0].due.After(now) {
		return nil
	}
	return heap.Pop(&all.heap).(*watch)
}

// again lets w, from next, come again.
func (all *watches) again(w *watch, due time.Time) {
	if w.follow != nil && (!w.newcomer() || w.follow.due.Before(due)) {
		all.drop(w)
		return
	}
	w.due = due
	heap.Push(&all.heap, w)
}

// drop ends it.
func (all *watches) drop(w *watch) {
	delete(all.byURI, w.uri)
	if w.follow != nil {
		all.put(w.follow)
	}
}

// clear ends all that are not being probed.
func (all *watches) clear() {
	for _, w := range all.heap {
		delete(all.byURI, w.uri)
	}
	all.heap = nil
}

// watchHeap is a heap.Interface.
type watchHeap []*watch

func (h watchHeap) Len() int           { return len(h) }
func (h watchHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h watchHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *watchHeap) Push(x any) {
	w := x.(*watch)
	w.place = len(*h)
	*h = append(*h, w)
}

func (h *watchHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	w.place = -1
	return w
}
