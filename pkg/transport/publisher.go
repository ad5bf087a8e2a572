package transport

import (
	"cmp"
	"context"
	"net/netip"
	"os"
	"strings"
)

// PublisherConfig says where a publisher binds.
type PublisherConfig struct {
	// Endpoint to bind. Port 0 picks a free one in [MinPort, MaxPort).
	Endpoint         Endpoint
	MinPort, MaxPort int // default 49152 and 65536
	// Backend is Plain or Secure: what connections are made with.
	Backend Backend
	// Security is the server's key and who may connect.
	Security ServerSecurity
	// Welcome is what those who have just come get. Nil: nothing. It is an error at an inproc endpoint.
	Welcome *Welcome
	// Subscribed is told of each topic that a subscriber begins to want, also of one that others want already, or have ceased to at the same moment, which
	// Publisher.NextSubscriptions does not tell. It is called under the lock of the socket: it must not block, nor call the publisher. Nil: nobody is told.
	Subscribed func(topic string)
	// Early binds an address, of tcp, that the host does not have yet, and that nobody can connect to before it does. False, and where the system can't (Linux
	// can): that is an error, EADDRNOTAVAIL.
	Early bool
	// Listener is used instead of binding Endpoint, as that of [ReplierConfig].
	Listener *os.File
	SocketOptions
}

// Publisher sends frames to all that subscribed to how they begin. Delivery is at most once: a
// frame for a subscriber whose queue is full is lost for that one, which [LossStats] and [Slowness] tell of.
type Publisher interface {
	// Endpoint is what was bound, with the real port.
	Endpoint() Endpoint
	// Send queues frame for all that want it, and does not wait for them. The frame is the caller's again when it returns.
	Send(ctx context.Context, frame []byte) error
	// SendBatch sends frames in their order, each as Send does, and returns how many were sent: all, or those before the one that the error is
	// about. It costs less per frame than sending them one by one.
	SendBatch(ctx context.Context, frames [][]byte) (sent int, err error)
	// WaitSubscribed waits until at least n subscriptions cover topic, that is: are a prefix of it. A subscriber with two
	// topics that do counts twice. It is what the function [WaitSubscribed] does, but where there are no real subscribers.
	WaitSubscribed(ctx context.Context, topic string, n int) error
	// Subscriptions returns the current subscriptions, sorted by topic.
	Subscriptions() []Subscription
	// NextSubscriptions waits until the subscriptions are not known, which is what Subscriptions or the call before returned, and returns them.
	NextSubscriptions(ctx context.Context, known []Subscription) ([]Subscription, error)
	// Covers tells whether a subscription covers frame. It may be asked about each message: it costs little, also where subscribers have very many topics.
	Covers(frame []byte) bool
	// Clients returns the subscribers that are connected now, sorted by identity and address.
	Clients() []Client
	// Stats returns counters since the socket was made.
	Stats() PublisherStats
	// Close sends what is queued for connected subscribers, for two seconds at most, and closes.
	Close() error
}

// Subscription is a topic that subscribers asked a publisher for.
type Subscription struct {
	Topic string // how frames begin; empty: all of them
	Count int    // subscribers that asked for it
}

// Client is a subscriber that is connected to a publisher, as far as the publisher can know: one that has subscribed to something.
type Client struct {
	// Identity is the name of its key; empty on plain sockets.
	Identity string
	// Addr is where it is connected from; invalid for ipc and inproc.
	Addr netip.AddrPort
	// Topics is the number of its subscriptions.
	Topics int
	// Slow is what is known of messages that it did not get.
	Slow Slowness
}

// Compare orders clients by identity, address and number of topics.
func (c Client) Compare(other Client) int {
	return cmp.Or(cmp.Compare(c.Identity, other.Identity), c.Addr.Compare(other.Addr), cmp.Compare(c.Topics, other.Topics))
}

// PublisherStats counts what came to a publisher.
type PublisherStats struct {
	// Access tells who came.
	Access AccessStats
	// Cut counts subscribers that were cut since they asked for too many topics.
	Cut uint64
	// Loss tells what subscribers did not get.
	Loss LossStats
	// Welcomed counts the subscriptions that got something by Welcome.
	Welcomed uint64
}

// WaitSubscribed waits until at least n subscriptions of p cover topic, or until ctx or p ends: it is Publisher.WaitSubscribed for all whose NextSubscriptions
// tell of real subscribers.
func WaitSubscribed(ctx context.Context, p Publisher, topic string, n int) error {
	known := []Subscription{{Count: -1}} // as it never is: the first call returns at once, also where n is 0 and p is closed
	for {
		var err error
		if known, err = p.NextSubscriptions(ctx, known); err != nil {
			return err
		}
		if covering(known, topic) >= n {
			return nil
		}
	}
}

// covering counts the subscriptions that are a prefix of topic.
func covering(all []Subscription, topic string) (n int) {
	for _, s := range all {
		if strings.HasPrefix(topic, s.Topic) {
			n += s.Count
		}
	}
	return n
}
