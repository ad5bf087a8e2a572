package registry

import "net/netip"

// Memory of the parts of an entry, in bytes: what was measured, rounded up.
const (
	entryOverhead = 768 // the entry itself, its URI, its places in the table
	nameOverhead  = 256 // a name and its place in the index
)

// share is a part of the table.
type share struct {
	entries int
	memory  int // bytes
}

// exceeds tells whether s and more are above limit entries or their memory. What does not grow is never too much.
func (s share) exceeds(more share, limit int) bool {
	if limit <= 0 {
		return false
	}
	return more.entries > 0 && s.entries+more.entries > limit ||
		more.memory > 0 && s.memory+more.memory > max(limit*EntryMemory, LeastMemory)
}

// memory is about what p takes in the table.
func (p Publisher) memory() int {
	size := entryOverhead + len(p.Data) + len(p.NaiveData)
	for _, name := range p.Services.Names {
		size += nameOverhead + len(name)
	}
	return size
}

// room tells whether more can be listed for source. The caller holds mu.
func (r *Registry) room(source netip.Addr, more share) error {
	switch {
	case r.total.exceeds(more, r.cfg.MaxEntries):
		return ErrTableFull
	case r.perSource[source].exceeds(more, r.cfg.MaxPerSource):
		return ErrSourceFull
	}
	return nil
}

// account adds e to the shares (sign +1), or takes it out (-1). The caller holds mu.
func (r *Registry) account(e *entry, sign int) {
	add := func(s share) share { return share{s.entries + sign, s.memory + sign*e.memory} }
	r.total = add(r.total)
	if s := add(r.perSource[e.source.Addr]); s.entries > 0 {
		r.perSource[e.source.Addr] = s
	} else {
		delete(r.perSource, e.source.Addr)
	}
}
