package zmq

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
)

// attach lets l use the connection to target. The socket's mu is held.
func (c *connector) attach(l *link, target string) error {
	keys := serverKeys(l.addr)
	cn, ok := c.conns[target]
	switch {
	case ok && cn.keys == keys:
	case ok && len(cn.links) > 0:
		return fmt.Errorf("connect %s: %s: %w", l.addr, target, errOtherSecurity)
	case ok:
		cn = c.replace(cn, keys)
	default:
		cn = &conn{target: target, keys: keys, paired: c.owner.inprocs.bound(target)}
		if err := c.dial(cn); err != nil {
			return fmt.Errorf("connect %s: %w", l.addr, err)
		}
		c.conns[target] = cn
	}
	cn.links = append(cn.links, l)
	l.conn = cn
	switch {
	case cn.state == connUp:
		c.tell(transport.Connected, cn, "", l)
	case cn.trouble.told != verdict{}:
		c.tellFailure(cn, l)
	}
	return nil
}

// replace makes a connection to the target of one that nobody uses any more, and that speaks differently. It is dialled when what has arrived over the
// old one was read, and that is ended.
func (c *connector) replace(old *conn, keys curve.PublicKeys) *conn {
	cn := &conn{target: old.target, keys: keys, parked: true}
	c.conns[cn.target] = cn
	c.afterward = append(c.afterward, pending{budget: c.drainBudget(), do: func() {
		c.hangUp(old)
		c.setTimer(cn, keyPause)
	}})
	return cn
}

// dial makes libzmq connect. Options are copied at that moment, so those that differ are set here.
func (c *connector) dial(cn *conn) error {
	err := errors.Join(
		wrap("ZMQ_IPV6", c.zs.SetIpv6(isIPv6(cn.target))),
		wrap("ZMQ_RECONNECT_IVL_MAX", c.zs.SetReconnectIvlMax(reconnectMax(len(c.conns)+1))),
		c.secure(cn),
	)
	if err != nil {
		return err // a secure connection must not become a plain one
	}
	return cause(c.zs.Connect(cn.target))
}

// secure makes the next connection speak as cn has to.
func (c *connector) secure(cn *conn) error {
	var server curve.PublicKey // none
	switch {
	case cn.keys.Len() > 0:
		server = cn.keys.At(cn.key)
	case !c.secured:
		return nil
	}
	c.secured = true // whatever comes of it: plain connections set it back first
	if err := setClientSecurity(c.raw, server, c.opts.ClientKey); err != nil {
		return err
	}
	c.secured = cn.keys.Len() > 0
	return nil
}

// reconnect makes the connection to a peer anew; see transport.Subscriber.
func (c *connector) reconnect(addr transport.Address) error {
	if err := c.lock(); err != nil {
		return err
	}
	defer c.unlock()
	l, ok := c.links[addr.Endpoint]
	if !ok || l.conn == nil || addr.Endpoint.Scheme() == "inproc" {
		return nil // not there, not found yet, or nothing that could hang
	}
	cn := l.conn
	switch {
	case cn.parked || cn.pause > 0:
		return nil // it is about to be
	case cn.state == connUp:
		c.lose(cn, "left, to be made anew")
	case cn.state == connOpen:
		c.goDown(cn)
	}
	cn.tap.end()
	c.pauseFor(cn, keyPause)
	return nil
}

// detach takes l from its connection, and ends that when nobody else uses it, after what has arrived was taken in.
func (c *connector) detach(l *link) {
	cn := l.conn
	if cn == nil {
		return
	}
	l.conn = nil
	cn.links = slices.DeleteFunc(cn.links, func(o *link) bool { return o == l })
	if len(cn.links) == 0 {
		c.afterDraining(func() { c.drop(cn) })
	}
}

// drop ends a connection, unless somebody uses it, and tells whether it has ended.
func (c *connector) drop(cn *conn) bool {
	switch {
	case c.conns[cn.target] != cn:
		return true
	case len(cn.links) > 0:
		return false
	}
	c.hangUp(cn)
	delete(c.conns, cn.target)
	return true
}

// hangUp makes libzmq forget a connection.
func (c *connector) hangUp(cn *conn) {
	if cn.timer != nil {
		cn.timer.Stop()
	}
	if cn.state != connDown {
		cn.state = connDown
		c.owners.end(cn.fd, cn)
	}
	cn.tap.end()
	if cn.parked {
		return // it has
	}
	if err := c.zs.Disconnect(cn.target); err != nil {
		c.log.Debug("disconnect", zap.String("uri", cn.target), zap.Error(cause(err)))
	}
}

// park ends the connection and makes it anew after its pause.
func (c *connector) park(cn *conn) {
	if c.drop(cn) || cn.parked {
		return
	}
	c.hangUp(cn)
	cn.parked = true
	c.setTimer(cn, cn.pause)
}

// unpark makes a connection that libzmq does not know.
func (c *connector) unpark(cn *conn) {
	if c.drop(cn) {
		return
	}
	if err := c.dial(cn); err != nil {
		c.log.Error("connect", zap.String("uri", cn.target), zap.Error(err))
		c.setTimer(cn, lastRetry)
		return
	}
	cn.parked, cn.pause = false, 0
}

// redial makes a connection anew that libzmq may have given up.
func (c *connector) redial(cn *conn) {
	if c.drop(cn) || cn.state != connDown || cn.parked {
		return
	}
	c.hangUp(cn)
	if err := c.dial(cn); err != nil {
		c.log.Error("connect", zap.String("uri", cn.target), zap.Error(err))
		c.retry(cn)
	}
}

// retry makes cn anew when it has not come back by then.
func (c *connector) retry(cn *conn) {
	delay := retryDelay(cn.failures)
	if cn.state == connOpen {
		delay = c.opts.HandshakeInterval + time.Second
	}
	c.setTimer(cn, delay)
}

func (c *connector) setTimer(cn *conn, delay time.Duration) {
	if cn.timer == nil {
		cn.timer = time.AfterFunc(delay, func() { c.check(cn) })
		return
	}
	cn.timer.Reset(delay)
}

// check is called when it is time to look after a connection.
func (c *connector) check(cn *conn) {
	if c.lock() != nil {
		return
	}
	defer c.unlock()
	c.readEvents()
	switch {
	case cn.parked:
		c.unpark(cn)
	case cn.pause > 0:
		c.afterDraining(func() { c.park(cn) })
	case cn.state == connDown:
		c.afterDraining(func() { c.redial(cn) })
	case cn.state == connOpen && cn.keys.Len() == 0:
		// A peer of ZMTP 1 or 2 has no handshake that libzmq would tell of. One that did not get through it would have
		// been cut by now. There is no such thing as CURVE with them, and libzmq cuts those that should speak it.
		c.setUp(cn)
	}
}
