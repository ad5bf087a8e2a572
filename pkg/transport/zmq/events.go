package zmq

import (
	"fmt"
	"syscall"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// readEvents takes in what libzmq tells about connections. The socket's mu is held.
func (c *connector) readEvents() {
	events, err := c.monitor.read(nil)
	if err != nil {
		c.log.Error("monitor can't be read", zap.Error(err))
	}
	for _, e := range events {
		if cn, ok := c.conns[sameTarget(e.address)]; ok {
			c.apply(cn, e)
		}
	}
}

func (c *connector) apply(cn *conn, e event) {
	switch e.kind {
	case zmq4.EVENT_CONNECTED:
		if cn.state != connDown {
			c.owners.end(cn.fd, cn) // the connection before, whose end nobody told
		}
		cn.state, cn.fd, cn.told = connOpen, e.value, false
		c.owners.begin(cn.fd, cn)
		c.retry(cn)
	case zmq4.EVENT_HANDSHAKE_SUCCEEDED:
		c.setUp(cn)
	case zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq4.EVENT_HANDSHAKE_FAILED_AUTH:
		cn.told = true
		c.tell(transport.HandshakeFailed, cn, handshakeCause(e), cn.links...)
	case zmq4.EVENT_DISCONNECTED:
		c.setDown(cn, e.value)
	}
}

func (c *connector) setUp(cn *conn) {
	if cn.state != connOpen {
		return
	}
	cn.state, cn.failures = connUp, 0
	cn.timer.Stop()
	c.tell(transport.Connected, cn, "", cn.links...)
}

func (c *connector) setDown(cn *conn, fd int) {
	if cn.state == connDown || cn.fd != fd {
		return // of the connection before this one
	}
	switch {
	case cn.state == connUp:
		c.tell(transport.Lost, cn, "connection closed", cn.links...)
	case !cn.told: // a peer of the wrong kind, say: libzmq has no event for that
		c.tell(transport.HandshakeFailed, cn, "connection closed in the handshake", cn.links...)
	}
	cn.state = connDown
	cn.failures++
	c.owners.end(fd, cn)
	for _, l := range cn.links {
		select {
		case l.lost <- struct{}{}:
		default:
		}
	}
	c.retry(cn)
}

// tell queues an event about each of the links.
func (c *connector) tell(kind transport.EventKind, cn *conn, cause string, links ...*link) {
	for _, l := range links {
		c.events = append(c.events, transport.Event{Kind: kind, Peer: l.addr, Cause: cause})
	}
}

// handshakeCause says why a handshake failed, as far as libzmq tells.
func handshakeCause(e event) string {
	switch e.kind {
	case zmq4.EVENT_HANDSHAKE_FAILED_AUTH:
		return fmt.Sprintf("refused by the peer with status %d", e.value)
	case zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL:
		return protocolError(e.value)
	}
	switch err := syscall.Errno(e.value); err {
	case 0, syscall.EPIPE:
		return "closed by the peer"
	case syscall.EAGAIN:
		return "no answer in time"
	default:
		return err.Error()
	}
}

// protocolErrors are the values of ZMQ_PROTOCOL_ERROR_* that a plain or CURVE client can meet.
var protocolErrors = map[int]string{
	0x10000000: "the peer does not speak ZMTP as it should",
	0x10000001: "unexpected command",
	0x10000002: "commands out of order",
	0x10000003: "no agreement on keys",
	0x10000011: "malformed command",
	0x10000012: "malformed message command",
	0x10000013: "malformed hello",
	0x10000014: "malformed initiate",
	0x10000015: "malformed error command",
	0x10000016: "malformed ready",
	0x10000017: "malformed welcome",
	0x10000018: "bad metadata",
	0x11000001: "bad signature: wrong server key?",
	0x11000002: "the peer has another mechanism: one side is secure and the other plain",
}

func protocolError(value int) string {
	if text, ok := protocolErrors[value]; ok {
		return text
	}
	return fmt.Sprintf("protocol error %#x", value)
}
