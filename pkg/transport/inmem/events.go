package inmem

import (
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// events calls a function for each event, in order, from a goroutine of its own: the one who caused an event may hold
// mutexes that the function wants.
type events struct {
	tell    func(transport.Event)
	done    sync.WaitGroup
	mu      *sync.Mutex // Network.mu; guards what is below
	changed *sync.Cond
	queue   []transport.Event
	stopped bool
}

func newEvents(mu *sync.Mutex, tell func(transport.Event)) *events {
	e := &events{tell: tell, mu: mu, changed: sync.NewCond(mu)}
	e.done.Go(e.run)
	return e
}

func (e *events) run() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		for len(e.queue) == 0 && !e.stopped {
			e.changed.Wait()
		}
		if e.stopped {
			return
		}
		next := e.queue[0]
		e.queue = e.queue[1:]
		e.mu.Unlock()
		e.tell(next)
		e.mu.Lock()
	}
}

// add queues an event. The caller holds mu.
func (e *events) add(event transport.Event) {
	e.queue = append(e.queue, event)
	e.changed.Signal()
}

// stop discards what is queued. The caller holds mu.
func (e *events) stop() {
	e.stopped = true
	e.changed.Signal()
}

// wait waits until nothing is called any more. The caller does not hold mu.
func (e *events) wait() { e.done.Wait() }
