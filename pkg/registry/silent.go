package registry

import (
	"strings"
	"time"
)

// Reach is what is known of a publisher's address besides its announcements. The registry only keeps it, from the first announcement until
// the entry is removed.
type Reach uint8

// What can be known of an address.
const (
	Untried  Reach = iota
	Answers        // somebody took a connection there
	Refusing       // connections are refused there, and none was taken yet
)

// State is how an entry stands.
type State struct {
	URI      string
	Services Services
	Source   Source
	Since    time.Time // of the last announcement
	// Gap is the time that has passed between announcements: the longest one of late, of which the shorter ones that follow take a quarter
	// each. 0: there was only one.
	Gap   time.Duration
	Reach Reach
}

func (e *entry) state() State {
	return State{URI: e.uri, Services: e.services, Source: e.source, Since: e.since, Gap: e.gap, Reach: e.reach}
}

// heard notes the time between two announcements.
func (e *entry) heard(now time.Time) {
	if gap := now.Sub(e.since); !e.withdrawn && gap > 0 {
		e.gap = max(gap, e.gap-e.gap/4)
	}
}

// Silent returns up to limit entries that have not been announced for as long as after, those of each way in the order in which they fell silent. Each is
// returned once, and again only when it was announced in between: what it costs does not depend on how many have been silent for longer. Those that
// are held (see Hold) are not silent.
func (r *Registry) Silent(now time.Time, after time.Duration, limit int) []State {
	r.mu.Lock()
	defer r.mu.Unlock()
	var silent []State
	for i := range r.live {
		q := &r.live[i]
		for len(silent) < limit {
			due, ok := q.due(q.unseen, after)
			if !ok || due.After(now) {
				break
			}
			silent = append(silent, q.unseen.state())
			q.unseen = q.unseen.next
		}
	}
	return silent
}

// NextSilent tells when [Registry.Silent] has something to return, if nothing is announced until then.
func (r *Registry) NextSilent(after time.Duration) (time.Time, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var next time.Time
	for i := range r.live {
		q := &r.live[i]
		if due, ok := q.due(q.unseen, after); ok && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	return next, !next.IsZero()
}

// State returns how the entry of uri stands; false when lookups can't find it.
func (r *Registry) State(uri string) (State, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if e, ok := r.byURI[uri]; ok && !e.withdrawn {
		return e.state(), true
	}
	return State{}, false
}

// mostSiblings bounds how many entries Siblings looks at, from the newest one: those of publishers that were started again and again.
const mostSiblings = 256

// Siblings returns the entries that look like those of earlier runs of the same publisher: listed before it, with the same first name and the same
// host in their URIs.
func (r *Registry) Siblings(uri string) []State {
	r.mu.RLock()
	defer r.mu.RUnlock()
	e, ok := r.byURI[uri]
	if !ok || e.services.Text || len(e.services.Names) == 0 {
		return nil
	}
	var siblings []State
	name, host := e.services.Names[0], withoutPort(uri)
	same := r.index.byName[name].slots
	for i := len(same) - 1; i >= max(0, len(same)-mostSiblings); i-- {
		s := same[i].entry
		if s != nil && s.seq < e.seq && !s.withdrawn && s.services.Names[0] == name && withoutPort(s.uri) == host {
			siblings = append(siblings, s.state())
		}
	}
	return siblings
}

// withoutPort cuts the port off a URI.
func withoutPort(uri string) string {
	i := strings.LastIndexByte(uri, ':')
	return uri[:max(i, 0)]
}

// Reached notes what is known of the address of uri. It is forgotten with the entry, and when the entry [Moved] or was withdrawn.
func (r *Registry) Reached(uri string, reach Reach) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byURI[uri]; ok {
		e.reach = reach
	}
}

// Bury takes the entry of uri out of what lookups find since nobody is there any more, as [Registry.Withdraw] does, unless it has been announced
// after since. [Registry.Expire] reports it when it has not been announced within Config.DeadGrace. It is false when nothing changed.
func (r *Registry) Bury(uri string, since, now time.Time) (State, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byURI[uri]
	if !ok || e.withdrawn || e.since.After(since) {
		return State{}, false
	}
	was := e.state()
	r.queueOf(e).remove(e)
	r.confirm(e)
	e.withdrawn, e.dead = true, true
	e.since = now
	r.dead.push(e)
	r.version++
	return was, true
}

// queueOf returns the queue that e is in. The caller holds mu.
func (r *Registry) queueOf(e *entry) *queue {
	switch {
	case e.dead:
		return &r.dead
	case e.withdrawn:
		return &r.withdrawn
	}
	return &r.live[e.way]
}
