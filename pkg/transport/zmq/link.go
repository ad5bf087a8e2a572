package zmq

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// link is what a program asked to be connected to. Under the socket's mu.
type link struct {
	addr   transport.Address
	conn   *conn // nil until the host name is resolved
	cancel context.CancelFunc
	lost   chan struct{} // holds a value when the connection is down: time to ask for the address again
	told   verdict       // why handshakes fail, as the program knows it; zero once connected
}

// conn is a connection as libzmq knows it: to an endpoint without a host name. Links that resolve to the same endpoint
// share it, since libzmq connects to an endpoint once only. Under the socket's mu.
type conn struct {
	target   string
	keys     curve.PublicKeys // that the peer may have; none: plain
	key      int              // the one of them that is tried, or was right
	links    []*link
	state    connState
	fd       int       // while not down
	opened   time.Time // the TCP connection, while not down
	up       time.Time // the handshake was done; while up
	said     *verdict  // what libzmq said of the handshake under way
	tap      tap       // of the handshake under way
	trouble  trouble
	pause    time.Duration // not 0: what libzmq tells of this attempt counts no more; it is ended, and the next one made after that
	parked   bool          // libzmq does not know the connection; the timer dials
	failures int           // connections in a row that were lost, or failed in the handshake
	flaps    int           // connections in a row that were up, and lost before they were stable
	timer    *time.Timer
	paired   bool // inproc: has had a peer
}

// inhabited tells whether somebody is at the other end who may speak ZeroMQ, as far as is known.
func (cn *conn) inhabited() bool {
	t := cn.trouble
	return cn.state != connDown || (t.rounds > 0 || t.tried > 0) && t.told.reason != transport.FailedProtocol
}

type connState int

const (
	connDown connState = iota
	connOpen           // TCP is connected
	connUp             // and the handshake is done
)

// target is the endpoint libzmq gets, or "" when a host name has to be resolved first. libzmq would do that on its only
// I/O thread, where a slow name server stops everything.
func target(e transport.Endpoint) string {
	if e.Scheme() != "tcp" {
		return e.String()
	}
	addr, err := netip.ParseAddr(e.Host())
	if err != nil {
		return ""
	}
	return tcpTarget(addr, e.Port())
}

func tcpTarget(addr netip.Addr, port int) string {
	return "tcp://" + netip.AddrPortFrom(addr.Unmap(), uint16(port)).String()
}

// sameTarget brings the address that a monitor tells into the form of target: libzmq writes it in two ways.
func sameTarget(address string) string {
	e, err := transport.ParseEndpoint(address)
	if err != nil || e.Scheme() != "tcp" {
		return address
	}
	return target(e)
}

// isIPv6 tells whether a socket for target needs ZMQ_IPV6.
func isIPv6(target string) bool {
	e, err := transport.ParseEndpoint(target)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(e.Host())
	return err == nil && addr.Is6()
}

// retryDelay grows from one second to 30, a quarter more or less.
func retryDelay(failures int) time.Duration {
	d := lastRetry
	if failures < 6 {
		d = min(lastRetry, firstRetry<<max(0, failures-1))
	}
	return d*3/4 + rand.N(d/2)
}

// reconnectMax bounds the interval in which libzmq tries a connection that is refused, so that n of them make about a
// hundred attempts a second at most.
func reconnectMax(n int) time.Duration {
	return min(max(time.Duration(n)*10*time.Millisecond, time.Second), lastRetry)
}

// owners tells which connection a descriptor belongs to. A number may be used again while messages of the connection
// that had it before are still queued: then there are two, and nobody can tell.
type owners struct {
	byFD  map[int][]*conn
	ended []endedFD // to be forgotten once the queues are empty
}

type endedFD struct {
	fd   int
	conn *conn
}

func (o *owners) begin(fd int, c *conn) {
	if o.byFD == nil {
		o.byFD = make(map[int][]*conn)
	}
	o.byFD[fd] = append(o.byFD[fd], c)
}

func (o *owners) end(fd int, c *conn) {
	o.ended = append(o.ended, endedFD{fd, c})
}

// drained is called when all that came before the first n of the ends was read.
func (o *owners) drained(n int) {
	for _, e := range o.ended[:n] {
		rest := o.byFD[e.fd]
		if i := slices.Index(rest, e.conn); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
		if len(rest) == 0 {
			delete(o.byFD, e.fd)
		} else {
			o.byFD[e.fd] = rest
		}
	}
	o.ended = slices.Delete(o.ended, 0, n)
}

// of returns the connection with that descriptor, nil when there is none or more than one.
func (o *owners) of(fd int) *conn {
	if cs := o.byFD[fd]; len(cs) == 1 {
		return cs[0]
	}
	return nil
}
