package zmq

import (
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// keyMemoryLimit is the number of peers of which it is known which key they have.
const keyMemoryLimit = 1024

// keyMemory knows which of several keys a peer had, so that not every request to one with the second key begins with a failure
// that the peer counts and logs.
type keyMemory struct {
	mu    sync.Mutex
	right map[transport.Address]int // but for the first one
}

// get returns the number of the key to begin with.
func (m *keyMemory) get(a transport.Address) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.right[a]
}

// put remembers that the peer has key i.
func (m *keyMemory) put(a transport.Address, i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i == 0 {
		delete(m.right, a)
		return
	}
	if m.right == nil || len(m.right) >= keyMemoryLimit {
		m.right = make(map[transport.Address]int) // it costs each of them one failure
	}
	m.right[a] = i
}
