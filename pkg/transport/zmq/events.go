package zmq

import (
	"time"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// tellEvents takes in what libzmq tells about connections, and tells the program, which is told by this goroutine alone.
func (c *connector) tellEvents() {
	if c.lock() != nil {
		return
	}
	c.readEvents()
	events := c.events
	c.events = nil
	c.unlock()
	if c.notify == nil {
		return
	}
	for _, e := range events {
		c.notify(e)
	}
}

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
	if cn.parked || cn.pause > 0 {
		return // of a connection that is ended
	}
	switch e.kind {
	case zmq4.EVENT_CONNECTED:
		if cn.state != connDown {
			c.owners.end(cn.fd, cn) // the connection before, whose end nobody told
		}
		cn.state, cn.fd, cn.opened, cn.said = connOpen, e.value, time.Now(), nil
		cn.tap.begin(cn.fd, cn.target, &c.owner.taps)
		c.owners.begin(cn.fd, cn)
		c.retry(cn)
	case zmq4.EVENT_HANDSHAKE_SUCCEEDED:
		c.setUp(cn)
	case zmq4.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq4.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq4.EVENT_HANDSHAKE_FAILED_AUTH:
		if cn.state == connUp {
			c.broken(cn, protocolError(e.value))
			return
		}
		cn.said = new(c.attempt(cn).judge(e))
	case zmq4.EVENT_DISCONNECTED:
		c.setDown(cn, e.value)
		heap.soon()
	}
}

func (c *connector) attempt(cn *conn) attempt {
	return attempt{secure: cn.keys.Len() > 0, interval: c.opts.HandshakeInterval, took: time.Since(cn.opened), received: cn.tap.received(), open: cn.tap.isOpen()}
}

func (c *connector) setUp(cn *conn) {
	if cn.state != connOpen {
		return
	}
	cn.state, cn.up, cn.failures, cn.trouble = connUp, time.Now(), 0, trouble{}
	cn.timer.Stop()
	cn.tap.end()
	c.tell(transport.Connected, cn, "", cn.links...)
}

func (c *connector) setDown(cn *conn, fd int) {
	if cn.state == connDown || cn.fd != fd {
		return // of the connection before this one
	}
	if cn.state == connUp {
		c.lose(cn, "connection closed")
		c.again(cn)
		return
	}
	c.goDown(cn)
	v, a := unspoken, c.attempt(cn)
	if cn.said != nil {
		v = *cn.said
	}
	cn.tap.end()
	c.handshakeFailed(cn, a, v)
}

// again sees to it that a connection that was up is made anew: by libzmq, which is quick, unless the peer does not keep its connections.
func (c *connector) again(cn *conn) {
	wait := cn.lostAt(time.Now(), c.owner.pace)
	if cn.flaps == toldFlaps {
		c.log.Warn("peer does not keep its connections: coming back less and less often", zap.String("uri", cn.target), zap.Int("count", cn.flaps))
	}
	if wait > 0 {
		c.pauseFor(cn, wait)
	} else {
		c.retry(cn)
	}
}

// pauseFor ends what libzmq has of a connection, when what has arrived was read, and makes it anew after wait.
func (c *connector) pauseFor(cn *conn, wait time.Duration) {
	cn.pause = wait
	c.setTimer(cn, 0) // not here: what was received is being read, perhaps
}

// goDown notes that the connection is down.
func (c *connector) goDown(cn *conn) {
	cn.state = connDown
	cn.failures++
	c.owners.end(cn.fd, cn)
	for _, l := range cn.links {
		select {
		case l.lost <- struct{}{}:
		default:
		}
	}
}

// lose notes the end of a connection that was up.
func (c *connector) lose(cn *conn, cause string) {
	c.goDown(cn)
	c.tell(transport.Lost, cn, cause, cn.links...)
}

// broken ends a connection over which something came that the peer can't have encrypted. libzmq tells of that as of a failed handshake, and telling it puts
// out the error number by which it would see that the connection is to be closed: it stays open then, and nothing is read from it any more.
func (c *connector) broken(cn *conn, cause string) {
	c.lose(cn, cause)
	c.pauseFor(cn, max(retryDelay(cn.failures), cn.lostAt(time.Now(), c.owner.pace)))
}

// handshakeFailed makes the connection anew: libzmq would do that too soon, or not at all.
func (c *connector) handshakeFailed(cn *conn, a attempt, v verdict) {
	next, news := cn.trouble.add(v, cn.keys.Len())
	if next {
		cn.key = (cn.key + 1) % cn.keys.Len()
	}
	if news {
		c.tellFailure(cn, cn.links...)
	}
	c.pauseFor(cn, cn.trouble.pause(a))
}

// tell queues an event about each of the links.
func (c *connector) tell(kind transport.EventKind, cn *conn, cause string, links ...*link) {
	for _, l := range links {
		l.told = verdict{}
		c.events = append(c.events, transport.Event{Kind: kind, Peer: l.addr, Cause: cause})
	}
}

// tellFailure queues an event about each of the links whose program does not know yet why handshakes fail.
func (c *connector) tellFailure(cn *conn, links ...*link) {
	v := cn.trouble.told
	for _, l := range links {
		if l.told != v {
			l.told = v
			c.events = append(c.events, transport.Event{Kind: transport.HandshakeFailed, Peer: l.addr, Reason: v.reason, Cause: v.cause})
		}
	}
}
