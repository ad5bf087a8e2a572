package zmq

import "net/netip"

const (
	// defaultMaxInFlight is the default of transport.ReplierConfig.MaxInFlight.
	defaultMaxInFlight = 256 << 20
	// countedReply is the size from which replies are counted: those of single names are not worth it, and two of them for each connection are bounded by
	// the number of connections.
	countedReply = 4 << 10
	// minFlights is the number of sources below which nobody looks for those that have nothing in flight.
	minFlights = 256
)

// flight bounds the bytes of replies that libzmq holds since their clients don't read them, or not as fast. Half of them are for one source at most, and in the last
// quarter it gets more only while it has no more than what is free, but one reply is for each as long as there is room at all. Used under the socket's mu.
type flight struct {
	max     int64
	all     account
	sources map[netip.Addr]account
	prune   int // sources, before those that have nothing in flight are forgotten
}

func newFlight(most int64) (*flight, error) {
	if most == 0 {
		most = defaultMaxInFlight
	}
	all, err := newAccount()
	return &flight{max: most, all: all, sources: make(map[netip.Addr]account), prune: minFlights}, err
}

// take returns the accounts of a reply of size bytes to a source; zero ones where it is too small to be counted. ok is whether there is room for it.
func (f *flight) take(from netip.Addr, size int) (all, source account, ok bool) {
	if size < countedReply {
		return account{}, account{}, true
	}
	from = network(from)
	source, known := f.sources[from]
	var held int64
	if known {
		held = source.bytes()
	}
	if total := f.all.bytes(); total > 0 && !f.allows(total, held, int64(size)) {
		return account{}, account{}, false
	}
	if !known {
		if len(f.sources) >= f.prune {
			f.forget()
		}
		var err error
		if source, err = newAccount(); err != nil {
			return account{}, account{}, false
		}
		f.sources[from] = source
	}
	return f.all, source, true
}

// allows tells whether a source that holds so much of the total may have size more.
func (f *flight) allows(total, held, size int64) bool {
	switch {
	case total+size > f.max:
		return false
	case held == 0:
		return true
	case held+size > f.max/2:
		return false
	}
	return total+size <= f.max/4*3 || held+size <= f.max-total
}

// forget takes out the sources that have nothing in flight.
func (f *flight) forget() {
	for from, a := range f.sources {
		if a.bytes() == 0 {
			a.leave()
			delete(f.sources, from)
		}
	}
	f.prune = max(minFlights, 2*len(f.sources))
}

// bytes is what is in flight.
func (f *flight) bytes() int64 {
	if f.all.c == nil {
		return 0
	}
	return f.all.bytes()
}

// close leaves the accounts to libzmq.
func (f *flight) close() {
	for _, a := range f.sources {
		a.leave()
	}
	f.sources = nil
	if f.all.c != nil {
		f.all.leave()
		f.all = account{}
	}
}
