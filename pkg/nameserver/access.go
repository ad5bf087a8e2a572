package nameserver

import (
	"maps"
	"slices"
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// tally counts what clients with keys do, by their names. There are no more names than keys are admitted. It may be used
// concurrently; the zero value is ready.
type tally struct {
	mu     sync.Mutex
	counts map[string]uint64
}

// add counts one for client; without a name it costs nothing.
func (t *tally) add(client string) {
	if client == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = make(map[string]uint64)
	}
	t.counts[client]++
}

// byClient returns a copy of the counters.
func (t *tally) byClient() map[string]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}

// access is the sum over all sockets.
func (s *sockets) access() transport.AccessStats {
	var total transport.AccessStats
	for _, r := range slices.Concat(s.lookups, s.designated) {
		total = plus(total, r.Stats().Access)
	}
	for _, p := range s.feed {
		total = plus(total, p.Stats().Access)
	}
	return total
}

func plus(a, b transport.AccessStats) transport.AccessStats {
	return transport.AccessStats{
		Admitted: a.Admitted + b.Admitted,
		ByClient: merge(a.ByClient, b.ByClient),
		Refused:  merge(a.Refused, b.Refused),
		Revoked:  a.Revoked + b.Revoked,
	}
}

// merge adds b to a, which is made when it is not there.
func merge[K comparable](a, b map[K]uint64) map[K]uint64 {
	for k, n := range b {
		if a == nil {
			a = make(map[K]uint64)
		}
		a[k] += n
	}
	return a
}

// Followers returns the subscribers of the change feed that are connected now, on all its ports.
func (n *Nameserver) Followers() []transport.Client {
	var all []transport.Client
	for _, p := range n.sockets.Load().feed {
		all = append(all, p.Clients()...)
	}
	return all
}
