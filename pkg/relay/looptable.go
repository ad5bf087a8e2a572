package relay

// loopTable keeps entries for a window of time, in a table without pointers that grows with their number up to a bound. An entry stands in one of a
// few places from where its key leads, so that looking for it touches one or two cache lines. What is too old is
// overwritten; at the bound, what is oldest.
type loopTable struct {
	window int64 // ns
	most   int   // places; a power of two
	early  uint64
	places []loopEntry
}

// loopEntry is a message that was carried.
type loopEntry struct {
	key     uint64
	at      int64  // ns; 0: the place was never taken
	from    uint32 // hash of the endpoint that it came from; 0: not known, or the relay itself
	subject uint32 // hash of its subject then
}

const (
	firstPlaces = 1 << 10
	probes      = 16
)

// find returns the entry with the key of e; where there is none it enters e and returns nil. What it returns is valid until the next call.
func (t *loopTable) find(e loopEntry) *loopEntry {
	if t.places == nil {
		t.places = make([]loopEntry, min(firstPlaces, t.most))
	}
	for {
		mask := uint64(len(t.places) - 1)
		var free *loopEntry
		oldest := &t.places[e.key&mask]
		for i := range uint64(probes) {
			p := &t.places[(e.key+i)&mask]
			fresh := p.at != 0 && e.at-p.at < t.window
			switch {
			case fresh && p.key == e.key:
				return p
			case !fresh && free == nil:
				free = p
			}
			if p.at == 0 {
				break // nothing was ever put behind it
			}
			if p.at < oldest.at {
				oldest = p
			}
		}
		switch {
		case free != nil:
			*free = e
			return nil
		case len(t.places) < t.most:
			t.grow(e.at)
		default:
			t.early++
			*oldest = e
			return nil
		}
	}
}

// grow doubles the places.
func (t *loopTable) grow(now int64) {
	old := t.places
	t.places = make([]loopEntry, 2*len(old))
	mask := uint64(len(t.places) - 1)
	for _, e := range old {
		if e.at == 0 || now-e.at >= t.window {
			continue
		}
		t.put(e, mask)
	}
}

// put enters what is known not to be there. Where there is no room, which is as good as never, the oldest gives way.
func (t *loopTable) put(e loopEntry, mask uint64) {
	oldest := &t.places[e.key&mask]
	for i := range uint64(probes) {
		p := &t.places[(e.key+i)&mask]
		if p.at == 0 {
			*p = e
			return
		}
		if p.at < oldest.at {
			oldest = p
		}
	}
	t.early++
	*oldest = e
}
