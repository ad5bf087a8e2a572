// Package transport is the seam between posttroll and what carries its bytes.
//
// A [Transport] makes the five kinds of socket that posttroll needs: a
// [Publisher] and a [Subscriber] (PUB/SUB), a [Replier] and [Transport.Request]
// (one answer to one question), and a [Puller] (messages pushed to us).
// Package zmq below this one is the real thing, package inmem carries
// the same seam in memory for tests, ours and our users'.
//
// The seam knows frames, not messages: what stands in them is the business
// of package message. Delivery from a publisher to a subscriber is at most once.
// Beside that, a publisher tells who is connected ([Publisher.Clients]), who does not
// keep up and what is lost ([LossStats], [Slowness]), and can give those who
// have just come something of their own ([Welcome]). Who may connect to what
// is bound is asked of a [Gate].
//
// All methods of all sockets may be called concurrently, but for Receive and Pending, which one
// goroutine calls at a time. Whoever makes a socket closes it; Close waits
// until nothing of the socket runs any more, and makes a blocked Receive return
// [ErrClosed]. Closing a Transport closes what is still open.
package transport

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// Errors that callers branch on.
var (
	// ErrClosed is returned by every method of a closed socket or transport.
	ErrClosed = errors.New("closed")
	// ErrNoKeys is returned when a backend or an address asks for CURVE and the keys that it takes are not there.
	ErrNoKeys = errors.New("no CURVE keys configured")
	// ErrReplay is returned by Send of a publisher that only replays.
	ErrReplay = errors.New("a replay publisher sends nothing but what it replays")
)

// Transport makes sockets.
type Transport interface {
	// Publisher binds a publisher. Errors name the endpoint and the cause.
	Publisher(PublisherConfig) (Publisher, error)
	// Subscriber makes a subscriber that is connected to nothing yet.
	Subscriber(SubscriberConfig) (Subscriber, error)
	// Replier binds a socket that answers requests.
	Replier(ReplierConfig) (Replier, error)
	// Puller connects a socket that takes what others push.
	Puller(PullerConfig) (Puller, error)
	// Request sends one request over a connection of its own and returns the answer. It gives up when ctx ends: the
	// only way to learn that nobody is there.
	Request(ctx context.Context, to Address, frame []byte, opts SocketOptions) ([]byte, error)
	// Close closes all sockets and ends the transport.
	Close() error
}

// SocketOptions apply to each socket on its own.
type SocketOptions struct {
	// KeepAlive finds hosts that vanished.
	KeepAlive KeepAlive
	// Queue is the number of messages held for one connection (ZMQ_SNDHWM, ZMQ_RCVHWM), whatever their size. Default 1000; 500 where we connect. A
	// replier holds 8 requests for one client, unless this says otherwise, and 16 replies at most (see MaxInFlight).
	Queue int
	// MaxMessage is the size in bytes of the largest message that is taken; the sender of a larger one is disconnected
	// (ZMQ_MAXMSGSIZE). Default 64 MiB. Of a publisher's it bounds what subscribers send, which is never more than a topic.
	MaxMessage int64
	// HandshakeInterval is how long a handshake may take; then the connection is given up and made anew (ZMQ_HANDSHAKE_IVL). A client
	// whose key is not admitted yet is back within that, by the shorter one of the two sides. From 100 ms to an hour; default 5 s.
	HandshakeInterval time.Duration
	// ClientKey is the key pair that proves to secure servers who we are, where the socket connects. Without it connecting to them is
	// ErrNoKeys. The caller keeps it whole as long as the socket is open.
	ClientKey curve.KeyPair
}

// KeepAlive are the settings of TCP keep-alive; zero values leave the operating system's. Where all are zero a replier
// turns it on all the same, since the connections of clients that vanished would stay for ever.
// (Settings tcp_keepalive, tcp_keepalive_cnt, tcp_keepalive_idle, tcp_keepalive_intvl.)
type KeepAlive struct {
	Mode     KeepAliveMode // on, off, or as the operating system has it
	Count    int           // probes before a connection is given up
	Idle     time.Duration // silence before the first probe; whole seconds
	Interval time.Duration // between probes; whole seconds
}

// KeepAliveMode says whether keep-alive is on.
type KeepAliveMode int

// The values of ZMQ_TCP_KEEPALIVE, in the order that makes the operating system's the default.
const (
	KeepAliveSystem KeepAliveMode = iota
	KeepAliveOn
	KeepAliveOff
)

// SubscriberConfig configures a subscriber.
type SubscriberConfig struct {
	// Attribute fills Frame.From, at a price per message.
	Attribute bool
	// Recycle lets frames share memory that is used again: those that Receive has returned are valid until its next call. For programs that
	// pass on very many and keep none. Default: a frame belongs to the receiver.
	Recycle bool
	// MaxQueued bounds the bytes received and not yet taken; at the bound the socket is not read
	// any more, and the publishers' queues fill. Default 256 MiB.
	MaxQueued int64
	// Events is told about connections, one event at a time and in order. It must not block, and may call all methods of the
	// subscriber but Receive and Close. Nil: nobody is told.
	Events func(Event)
	SocketOptions
}

// Subscriber receives frames from many publishers, plain and secure.
type Subscriber interface {
	// Connect adds a publisher; one that is there already is left alone. Coming back after
	// any failure, also of a handshake, is the transport's business.
	Connect(Address) error
	// Disconnect drops a publisher after taking in what has arrived from it.
	Disconnect(Address) error
	// Reconnect ends the connection to a publisher after taking in what has arrived from it, tells of it as Lost, and makes it anew. Where there is none
	// yet the transport tries again now. What the publisher sends in between is lost. One that is not there is no error.
	Reconnect(Address) error
	// Subscribe asks for frames that begin with topic; Unsubscribe takes it back. Topics are a set: asking twice is asking
	// once.
	Subscribe(topic string) error
	// Unsubscribe is the end of that. What has been received already still comes.
	Unsubscribe(topic string) error
	// Receive waits for frames and returns those that are there, in order per publisher.
	Receive(ctx context.Context) ([]Frame, error)
	// Pending takes in what has arrived, and tells whether Receive would return frames without waiting. It is called by the goroutine that receives.
	Pending() bool
	// Stats returns counters since the socket was made.
	Stats() SubscriberStats
	// Close ends all connections. What has not been received is lost.
	Close() error
}

// Frame is one message as it came in.
type Frame struct {
	// Body belongs to the receiver, but for SubscriberConfig.Recycle.
	Body []byte
	// From is the endpoint that the sender was connected as, with SubscriberConfig.Attribute; zero where it can't be
	// told.
	From Endpoint
}

// SubscriberStats counts what a subscriber took and refused.
type SubscriberStats struct {
	Received  uint64 // frames, also those that wait
	Multipart uint64 // refused: posttroll messages have one frame
	Queued    int64  // bytes waiting for Receive now
}

// Event is something that happened to a connection that we opened.
type Event struct {
	Kind   EventKind
	Peer   Address // as it was given to Connect
	Reason Failure // for HandshakeFailed
	Cause  string  // for Lost and HandshakeFailed, as far as it can be told
}

// Failure is why a handshake failed, as far as the connecting side can tell.
type Failure string

// The failures.
const (
	// FailedServerKey: the peer closed the connection on our first encrypted word. It has another key than the one that we know, as a rule.
	FailedServerKey Failure = "server_key"
	// FailedRefused: the peer said no, to our key or our address.
	FailedRefused Failure = "refused"
	// FailedSilent: the peer did not say whether it lets us in, or nothing at all, until the handshake had to be over. A peer that does not admit our
	// key or address, but may do so later, is silent, or just closes the connection when it knows who we are; so is one that hangs.
	FailedSilent Failure = "silent"
	// FailedMechanism: one side is plain, the other secure.
	FailedMechanism Failure = "mechanism"
	// FailedProtocol: the peer does not speak ZeroMQ as it should, or closed the connection of a plain handshake.
	FailedProtocol Failure = "protocol"
)

// EventKind is the kind of an [Event].
type EventKind int

// The kinds of events.
const (
	// Connected: the handshake is over.
	Connected EventKind = iota + 1
	// Lost: a connection that had been told as Connected is gone.
	Lost
	// HandshakeFailed: told when the reason or the cause is another one than before, not of each attempt. Attempts go on, less and less often, and at least once
	// in a handshake interval.
	HandshakeFailed
)

// ReplierConfig configures a replier.
type ReplierConfig struct {
	// Endpoint to bind. Port 0 picks a free one.
	Endpoint Endpoint
	// Backend and Security are as those of a publisher.
	Backend  Backend
	Security ServerSecurity
	// Listener is a TCP socket that listens already, at Endpoint, which then has its real port: such as systemd hands over, so that nobody is refused while a
	// program restarts. The transport uses a duplicate; the file stays the caller's. Nil: the endpoint is bound.
	Listener *os.File
	// MaxInFlight bounds the bytes of replies of 512 bytes and more that wait for all clients to read them; what is over it is dropped. One address (of IPv6: one
	// network of 64 bits) may have half of it, and gets more of the last quarter only while it has no more than is free. One client has two of
	// these waiting at most, beside the one that it is being sent, and sixteen in all with shorter ones, which are not counted and always have room. Default 256 MiB.
	MaxInFlight int64
	SocketOptions
}

// Replier answers requests; no peer can make it deaf to the others.
type Replier interface {
	// Endpoint is what was bound, with the real port.
	Endpoint() Endpoint
	// Receive waits for requests and returns those that are there. Whoever is in it also takes in that connections have ended: what their replies held is
	// free then, so a program receives all the time.
	Receive(ctx context.Context) ([]Request, error)
	// Reply answers req. A reply that its peer does not take, or for which there is no memory, is dropped, counted, and no error.
	Reply(req Request, frame []byte) error
	// Stats returns counters since the socket was made.
	Stats() ReplierStats
	// Close frees the endpoint. Requests that were not answered are lost.
	Close() error
}

// Request is a question to a replier.
type Request struct {
	Body  []byte
	Parts int        // frames in the request; the protocol knows only 1
	From  netip.Addr // invalid where the transport can't tell (ipc, inproc)
	// Identity is the name of the client's key; empty on plain sockets.
	Identity string
	Token    any // the transport's, for Reply
}

// ReplierStats counts what a replier did.
type ReplierStats struct {
	Received uint64 // requests
	Dropped  uint64 // replies that their peers did not take, or for which there was no memory
	Overflow uint64 // of these, replies that were over MaxInFlight, or over the share of an address
	InFlight int64  // bytes of replies of 512 bytes and more that wait for their clients now
	// Malformed counts messages that are no request: without the empty frame that ends the envelope of one, or nothing
	// behind it.
	Malformed uint64
	// Access tells who came.
	Access AccessStats
}

// PullerConfig configures a puller.
type PullerConfig struct {
	// Address of the socket that pushes.
	Address Address
	SocketOptions
}

// Puller receives what peers push to it.
type Puller interface {
	// Receive waits for frames and returns those that are there.
	Receive(ctx context.Context) ([]Frame, error)
	// Close ends the connection. What has not been received is lost.
	Close() error
}
