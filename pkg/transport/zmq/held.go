package zmq

const (
	// defaultMaxHeld is the default of transport.PublisherConfig.MaxHeld.
	defaultMaxHeld = 64 << 20
	// leastHeld is the number of messages that a subscriber is held in any case.
	leastHeld = 8
	// messageCost is what libzmq needs for a message beside its bytes, in memory of its own.
	messageCost = 128
)

// held bounds the bytes that libzmq holds for one subscriber, for which it has a bound in messages alone: that is made to follow their mean size, fast where
// they grow and slowly where they shrink, so that those that wait already are counted for more than they are rather than for less. Used under the socket's mu.
type held struct {
	most  int     // bytes
	queue int     // messages, as configured
	mean  float64 // cost of a message
	now   int     // messages, as libzmq has it
}

func newHeld(most int64, queue int) held {
	if most == 0 {
		most = defaultMaxHeld
	}
	return held{most: int(most), queue: queue, now: queue}
}

// sent takes in a message that holds so many bytes, and tells whether libzmq is to have another bound.
func (h *held) sent(bytes int) (changed bool) {
	cost := float64(bytes + messageCost)
	if cost > h.mean {
		h.mean += (cost - h.mean) / 8
	} else {
		h.mean += (cost - h.mean) / 1024
	}
	want := min(max(int(float64(h.most)/h.mean), leastHeld), h.queue)
	// Each change is told to all connections, so they are few.
	if want >= h.now-h.now/8 && want < 2*h.now && (want < h.queue || h.now == h.queue) {
		return false
	}
	h.now = want
	return true
}

// hold takes in that a message was sent which holds so many bytes. The socket's mu is held.
func (p *publisher) hold(bytes int) error {
	if !p.held.sent(bytes) {
		return nil
	}
	p.losses.queue = p.held.now
	return wrap("ZMQ_SNDHWM", setOptionInt(p.raw, optSndHWM, p.held.now))
}

// optSndHWM is ZMQ_SNDHWM. libzmq applies it to connections that are there, too (since 4.2).
const optSndHWM = 23
