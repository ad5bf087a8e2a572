package registry

import (
	"bytes"
	"time"
)

// Changes tells whether announcing p changes something that is listed: data that are others than before, or the return of one that was withdrawn or buried.
func (r *Registry) Changes(p Publisher) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	e, ok := r.byURI[p.URI]
	return ok && (e.withdrawn || !bytes.Equal(e.encoded.data(), p.Data) || e.name != p.Name)
}

// Renew renews the entry of p as it is, whatever else p says. One that was withdrawn or buried, or is not known, stays so.
func (r *Registry) Renew(p Publisher, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.byURI[p.URI]
	if !ok || e.withdrawn {
		return
	}
	p.Data, p.Name, p.Mark = e.encoded.data(), e.name, e.mark
	if _, _, err := r.renew(e, p, now); err != nil {
		panic("registry: an entry is renewed as it is: " + err.Error()) // only a change can be refused
	}
}
