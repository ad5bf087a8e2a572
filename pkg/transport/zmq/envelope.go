package zmq

import (
	"net/netip"
	"slices"

	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Limits of what stands before a request. REQ puts one empty frame there, with ZMQ_REQ_CORRELATE a number of four bytes
// before it, and each ROUTER on the way the identity of whom it has it from, of up to 255 bytes.
const (
	maxEnvelopeFrames = 16
	maxEnvelopeBytes  = 4 << 10
)

// envelope is what stands before a request and is sent back before the answer: all frames up to the first empty one.
type envelope struct {
	bytes []byte // the frames, one behind the other
	sizes []uintptr
	// Of usual ones, so that they take one allocation: the identity of a connection, and an empty frame.
	someBytes [8]byte
	someSizes [2]uintptr
}

func newEnvelope() *envelope {
	e := &envelope{}
	e.bytes, e.sizes = e.someBytes[:0], e.someSizes[:0]
	return e
}

// client is the identity of the connection: a number of libzmq's, or what the peer calls itself (ZMQ_ROUTING_ID), which it may do again when it comes back.
func (e *envelope) client() []byte { return e.bytes[:e.sizes[0]] }

// assembler makes requests of the frames that a ROUTER socket receives.
type assembler struct {
	head *envelope
	body []byte
	// parts counts the frames behind the envelope; -1 while that is not complete.
	parts int
	bad   bool // the envelope is too long
}

func newAssembler() *assembler { return &assembler{head: newEnvelope(), parts: -1} }

// add takes the next frame. done tells that it was the last of its message, ok that the message is a request.
func (a *assembler) add(p part) (r transport.Request, done, ok bool) {
	switch {
	case a.parts >= 0:
		if a.parts++; a.parts == 1 {
			a.body = slices.Clone(p.data)
		}
	default:
		a.addHead(p.data)
	}
	if p.more {
		return r, false, false
	}
	if ok = !a.bad && a.parts > 0; ok {
		r = transport.Request{Body: a.body, Parts: a.parts, From: peerAddr(p), Token: a.head}
	}
	*a = assembler{head: newEnvelope(), parts: -1}
	return r, true, ok
}

func (a *assembler) addHead(frame []byte) {
	if len(a.head.sizes) == maxEnvelopeFrames || len(a.head.bytes)+len(frame) > maxEnvelopeBytes {
		a.bad = true
	}
	if !a.bad {
		a.head.bytes = append(a.head.bytes, frame...)
		a.head.sizes = append(a.head.sizes, uintptr(len(frame)))
	}
	// The first frame is libzmq's own, the identity of the connection, and never empty.
	if len(frame) == 0 {
		a.parts = 0
	}
}

// peerAddr is the address that p came from, invalid for ipc and inproc. Dual-stack sockets see IPv4 as ::ffff:a.b.c.d.
func peerAddr(p part) netip.Addr {
	addr, err := netip.ParseAddr(p.peerAddress())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}
