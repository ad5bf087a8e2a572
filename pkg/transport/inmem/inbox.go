package inmem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// inbox is the receiving side of a subscriber or a puller. All is guarded by Network.mu.
type inbox struct {
	owner      *Transport
	queue      int   // frames held for one connection
	maxMessage int64 // bytes
	maxQueued  int64 // bytes
	attribute  bool
	recycle    bool
	client     curve.KeyPair
	topics     map[string]struct{}   // what is subscribed to; nil: a puller's
	report     func(transport.Event) // nil: nobody wants to know

	closed   bool
	links    []*link // connected or not, in the order of Connect
	leaving  []*link // disconnected, with frames that are still to be taken in
	frames   []transport.Frame
	lent     []transport.Frame // received last, with recycle
	queued   int64             // bytes in frames
	received uint64
	changed  broadcast // a frame came, or closed
}

// room tells whether a frame from l can be taken in at once: only when none of l waits before it.
func (i *inbox) room(l *link) bool { return len(l.pending) == 0 && i.queued < i.maxQueued }

// take takes a frame in.
func (i *inbox) take(l *link, body []byte) {
	if !i.matches(body) {
		return
	}
	f := transport.Frame{Body: body}
	if i.attribute {
		f.From = l.to.Endpoint
	}
	i.frames = append(i.frames, f)
	i.queued += int64(len(body))
	i.received++
	i.changed.fire()
}

// refill takes in what is pending, one frame of each connection in turn, as far as there is room.
func (i *inbox) refill() {
	for progress := true; progress; {
		progress = false
		for _, l := range slices.Concat(i.leaving, i.links) {
			if len(l.pending) == 0 || i.queued >= i.maxQueued {
				continue
			}
			body := l.pending[0]
			l.pending = l.pending[1:]
			i.take(l, body)
			l.caughtUp()
			progress = true
			if l.peer != nil {
				l.peer.changed.fire()
			}
		}
	}
	i.leaving = slices.DeleteFunc(i.leaving, func(l *link) bool { return len(l.pending) == 0 })
}

// connect adds a connection; one that is there is left alone.
func (i *inbox) connect(to transport.Address) error {
	if at := i.find(to.Endpoint); at >= 0 {
		if i.links[at].to != to {
			return fmt.Errorf("connect %s: %w", to, errOtherSecurity)
		}
		return nil
	}
	l := &link{inbox: i}
	l.dial = newDial(i.owner, to, i.client, l)
	i.links = append(i.links, l)
	i.owner.network.dial(&l.dial)
	return nil
}

// errOtherSecurity refuses to connect twice to one endpoint in two ways.
var errOtherSecurity = errors.New("it is connected with another backend or other keys: disconnect it first")

// find returns the place of the link to ep, or -1.
func (i *inbox) find(ep transport.Endpoint) int {
	return slices.IndexFunc(i.links, func(l *link) bool { return l.to.Endpoint == ep })
}

// disconnect drops a connection; what is pending on it is still taken in.
func (i *inbox) disconnect(from transport.Endpoint) {
	at := i.find(from)
	if at < 0 {
		return
	}
	l := i.links[at]
	i.links = slices.Delete(i.links, at, at+1)
	l.drop()
	if len(l.pending) > 0 {
		i.leaving = append(i.leaving, l)
	}
}

// reconnect makes a connection anew.
func (i *inbox) reconnect(to transport.Endpoint) {
	if at := i.find(to); at >= 0 && i.links[at].peer != nil {
		i.links[at].lose("left, to be made anew")
	}
}

// receive waits for frames and returns all that are there.
func (i *inbox) receive(ctx context.Context) ([]transport.Frame, error) {
	mu := &i.owner.network.mu
	i.takeBack()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		mu.Lock()
		if i.closed {
			mu.Unlock()
			return nil, transport.ErrClosed
		}
		if len(i.frames) > 0 {
			frames := i.frames
			i.frames, i.queued = nil, 0
			if i.recycle {
				i.lent = frames
			}
			i.refill()
			mu.Unlock()
			return frames, nil
		}
		changed := i.changed.next()
		mu.Unlock()
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// takeBack overwrites the frames that were received last, where they were only lent: who has kept one does not find its bytes in it any more, as over
// ZeroMQ some time later. It is called by the goroutine that receives.
func (i *inbox) takeBack() {
	for _, f := range i.lent {
		clear(f.Body)
	}
	i.lent = nil
}

// close drops all connections and what is queued. It tells whether it was open.
func (i *inbox) close() bool {
	if i.closed {
		return false
	}
	i.closed = true
	for _, l := range i.links {
		l.drop()
	}
	i.links, i.leaving, i.frames, i.queued = nil, nil, nil, 0
	i.changed.fire()
	return true
}

// matches tells whether frame is wanted.
func (i *inbox) matches(frame []byte) bool {
	for topic := range i.topics {
		if bytes.HasPrefix(frame, []byte(topic)) {
			return true
		}
	}
	return i.topics == nil
}
