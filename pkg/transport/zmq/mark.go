package zmq

import "unsafe"

// mark tells the connections of an unguarded socket apart by their messages. A descriptor does not: it is used again as soon as a connection has ended, while what has
// come over that may still have to be read. But libzmq keeps what it knows of a connection in one place, to which all its messages refer, and no other connection has that place
// as long as one of them is held.
type mark struct {
	place *byte
	held  unsafe.Pointer // a message
}

// newMark makes the mark of the connection over which p has come. Without memory it is on none.
func newMark(p part) mark {
	held := p.share()
	if held == nil {
		return mark{}
	}
	return mark{unsafe.SliceData(p.peer), held}
}

// on tells whether p has come over the connection.
func (m mark) on(p part) bool { return m.place != nil && m.place == unsafe.SliceData(p.peer) }

// drop gives it up.
func (m *mark) drop() {
	if m.held != nil {
		dropShared(m.held)
	}
	*m = mark{}
}
