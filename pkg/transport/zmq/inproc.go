package zmq

import (
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// inprocs brings connectors back to inproc endpoints that are bound again. libzmq connects to one that is not bound yet,
// but has no monitor for inproc and never comes back to a peer that has gone.
type inprocs struct {
	mu         sync.Mutex
	names      map[string]struct{} // what is bound
	connectors map[*connector]struct{}
}

func newInprocs() *inprocs {
	return &inprocs{names: make(map[string]struct{}), connectors: make(map[*connector]struct{})}
}

func (i *inprocs) follow(c *connector) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.connectors[c] = struct{}{}
}

func (i *inprocs) unfollow(c *connector) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.connectors, c)
}

// bound tells whether there is a peer at name.
func (i *inprocs) bound(name string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, ok := i.names[name]
	return ok
}

// bind is called when e was bound, and lets those who lost a peer there connect again.
func (i *inprocs) bind(e transport.Endpoint) {
	if e.Scheme() != "inproc" {
		return
	}
	i.mu.Lock()
	i.names[e.String()] = struct{}{}
	connectors := make([]*connector, 0, len(i.connectors))
	for c := range i.connectors {
		connectors = append(connectors, c)
	}
	i.mu.Unlock()
	for _, c := range connectors {
		c.inprocBound(e.String())
	}
}

func (i *inprocs) unbind(e transport.Endpoint) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.names, e.String())
}

// inprocBound connects to name again when there was a peer before; otherwise libzmq has just done so.
func (c *connector) inprocBound(name string) {
	if c.lock() != nil {
		return
	}
	defer c.unlock()
	cn, ok := c.conns[name]
	switch {
	case !ok:
	case cn.paired:
		c.afterDraining(func() { c.redial(cn) })
	default:
		cn.paired = true
	}
}
