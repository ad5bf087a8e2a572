package zmq

import "net/netip"

const (
	// defaultMaxInFlight is the default of transport.ReplierConfig.MaxInFlight.
	defaultMaxInFlight = 256 << 20
	// countedReply is the size from which replies are counted: those of single names are not worth it, and replyQueue of them for each connection are bounded by
	// the number of connections.
	countedReply = 512
	// mostOfClient is how many of those that are counted libzmq may hold for one client, the one that it is sending among them.
	mostOfClient = 3
	// minFlights is the number of sources, and that of clients, below which nobody looks for those that have nothing in flight.
	minFlights = 256
)

// flight bounds the bytes of replies that libzmq holds since their clients don't read them, or not as fast. Half of them are for one source at most, and in the last
// quarter it gets more only while it has no more than what is free, but one reply is for each as long as there is room at all. A client has mostOfClient replies at most.
// Used under the socket's mu.
type flight struct {
	max     int64
	all     account
	sources ledger[netip.Addr]
	clients ledger[string] // by the identities of connections
}

func newFlight(most int64) (*flight, error) {
	if most == 0 {
		most = defaultMaxInFlight
	}
	all, err := newAccount()
	return &flight{max: most, all: all, sources: newLedger[netip.Addr](), clients: newLedger[string]()}, err
}

// greedy tells whether a client has as many replies as it may have, and is not to have one of size bytes.
func (f *flight) greedy(client []byte, size int) bool {
	if size < countedReply {
		return false
	}
	of, known := f.clients.of[string(client)]
	return known && of.replies() >= mostOfClient
}

// take returns the accounts of a reply of size bytes to a client at a source; zero ones where it is too small to be counted. ok is whether there is room for it.
func (f *flight) take(from netip.Addr, client []byte, size int) (in accounts, ok bool) {
	if size < countedReply {
		return accounts{}, true
	}
	from = network(from)
	var held int64
	if source, known := f.sources.of[from]; known {
		held = source.bytes()
	}
	if total := f.all.bytes(); total > 0 && !f.allows(total, held, int64(size)) {
		return accounts{}, false
	}
	source, e1 := f.sources.open(from)
	of, e2 := f.clients.open(string(client))
	return accounts{f.all, source, of}, e1 == nil && e2 == nil
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

// bytes is what is in flight.
func (f *flight) bytes() int64 {
	if f.all.c == nil {
		return 0
	}
	return f.all.bytes()
}

// close leaves the accounts to libzmq.
func (f *flight) close() {
	f.sources.close()
	f.clients.close()
	if f.all.c != nil {
		f.all.leave()
		f.all = account{}
	}
}
