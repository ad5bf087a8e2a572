package inmem

// broadcast wakes all that wait for something to change. It is guarded by the mutex of its owner. Unlike sync.Cond it
// can be waited for together with a context. The zero value is ready.
type broadcast struct {
	ch chan struct{}
}

// next returns a channel that is closed at the next fire.
func (b *broadcast) next() <-chan struct{} {
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) fire() {
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
