package registry

import "time"

// Way is how an announcement came. Entries of one way fall silent together when it is the listener that is cut off, so they can be held
// together.
type Way uint8

// The ways.
const (
	Group  Way = iota // from the multicast group, sent by another host
	Local             // from the multicast group, sent by this host
	Direct            // brought by the publisher itself
	Own               // the nameserver's own; such entries are not [Registry.Saved]
	ways
)

// Hold keeps all entries of a way from growing too old, until [Registry.Release]: whoever cannot hear does not know who is silent.
func (r *Registry) Hold(way Way) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live[way].held = true
}

// Release ends a [Registry.Hold]: each entry of the way has the whole maximum age from now on to be heard of.
func (r *Registry) Release(way Way, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := &r.live[way]
	q.held = false
	q.floor = later(q.floor, now)
}

// Forgive counts all entries as announced, withdrawn or buried at now: for when nobody has listened for a while. The times
// that lookups tell stay.
func (r *Registry) Forgive(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for q := range r.queues() {
		q.floor = later(q.floor, now)
	}
}

// queues goes through the lists that entries expire from. The caller holds mu.
func (r *Registry) queues() func(yield func(*queue) bool) {
	return func(yield func(*queue) bool) {
		for i := range r.live {
			if !yield(&r.live[i]) {
				return
			}
		}
		_ = yield(&r.withdrawn) && yield(&r.dead)
	}
}

// listed is the number of entries that are not withdrawn. The caller holds mu.
func (r *Registry) listed() int {
	n := 0
	for i := range r.live {
		n += r.live[i].len
	}
	return n
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
