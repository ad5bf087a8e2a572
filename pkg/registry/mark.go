package registry

import "time"

// Mark stands for an announcement: two with the same mark say the same, whenever they were made. Who makes marks sees to it that nobody can make two
// announcements that say different things and have one mark, so it is a cryptographic hash.
type Mark [16]byte

// Marked tells whether the last announcement of uri had mark, so that [Registry.RenewMarked] would renew its entry now. What is said for the first time since
// the entry was restored, withdrawn or buried has to be read.
func (r *Registry) Marked(uri []byte, mark Mark) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.marked(uri, mark) != nil
}

// RenewMarked does what [Registry.Announce] does with an announcement that has been made before, without it being read again. It is false where [Registry.Marked] is, and
// changes nothing then.
func (r *Registry) RenewMarked(uri []byte, mark Mark, source Source, way Way, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.marked(uri, mark)
	if e == nil {
		return false
	}
	same := Publisher{Data: e.encoded.data(), Name: e.name, Mark: mark, Source: source, Way: way}
	if _, _, err := r.renew(e, same, now); err != nil {
		panic("registry: an entry is renewed as it is: " + err.Error()) // only a change can be refused
	}
	return true
}

func (r *Registry) marked(uri []byte, mark Mark) *entry {
	e, ok := r.byURI[string(uri)]
	if !ok || mark == (Mark{}) || e.mark != mark || e.withdrawn || e.unconfirmed {
		return nil
	}
	return e
}
