package inmem

import (
	"sync"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// watch calls a function after the verdicts of a gate may have changed, from a goroutine of its own: whoever changes them may hold
// mutexes that judging wants.
type watch struct {
	stop    func()
	changed chan struct{} // holds a value when there is a change that nobody has looked at
	ended   chan struct{}
	done    sync.WaitGroup
}

func newWatch(gate transport.Gate, changed func()) *watch {
	w := &watch{changed: make(chan struct{}, 1), ended: make(chan struct{})}
	w.stop = gate.Watch(func() {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	})
	w.done.Go(func() { w.run(changed) })
	return w
}

func (w *watch) run(changed func()) {
	for {
		select {
		case <-w.changed:
			changed()
		case <-w.ended:
			return
		}
	}
}

// end makes it stop soon; it is called once.
func (w *watch) end() {
	w.stop()
	close(w.ended)
}

// wait waits until nothing is called any more. The caller does not hold what the function wants.
func (w *watch) wait() {
	if w != nil {
		w.done.Wait()
	}
}
