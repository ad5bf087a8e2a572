package relay

import (
	"context"

	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// Source brings messages in. Receive is called by one goroutine; the rest may be called concurrently with it.
type Source interface {
	// Receive waits for messages and appends those that are there to batch, at least one and at most up to its capacity. What it returned before, and all that
	// messages gave out, is not in use any more: its memory may be used again.
	Receive(ctx context.Context, batch []Received) ([]Received, error)
	// SetTopics says which messages are wanted: those that begin with one of the topics, which are as they go over the wire. None: nothing.
	// Before the first call nothing is.
	SetTopics(topics []string) error
	// Take appends what has come in by now, up to the capacity of batch, and does not wait: nothing when that was all. It is called by the goroutine that
	// receives.
	Take(ctx context.Context, batch []Received) ([]Received, error)
	// Peers is the number of publishers that it is connected to, and of those that it is to be connected to.
	Peers() (connected, wanted int)
	// Silent is how often a publisher was reconnected since it was not heard for too long.
	Silent() uint64
	// Close makes Receive return [transport.ErrClosed].
	Close() error
}

// Links is a [Source] that knows its publishers one by one. It may be called concurrently with everything else.
type Links interface {
	// Missing are the addresses of the publishers that it is to be connected to and is not, sorted.
	Missing() []string
	// Connected tells whether the publisher at an address is.
	Connected(uri string) bool
}

// Received is what came in: a message, or a frame that is none.
type Received struct {
	// Message is nil where the frame is none.
	Message *message.Message
	// Frame is what came in.
	Frame []byte
	// Err says why the frame is no message.
	Err error
	// From is where it came from; zero where that can't be told.
	From transport.Endpoint

	key  uint64 // see loopKey; 0: not known yet
	data uint64 // see dataHash; known with key
}

// Sink takes messages out. All may be called concurrently.
type Sink interface {
	// Send sends frames in their order to whoever is there, and returns how many were sent: all, or those before the one that the error is about. The
	// frames and slices are the caller's again when it returns, also where messages are kept. From says of each where it came from, zero where that is not known.
	Send(ctx context.Context, frames [][]byte, from []transport.Endpoint) (sent int, err error)
	// Demand waits until the topics that subscribers ask for are not known, which is what the call before returned, and returns them: sorted, as they go over the
	// wire.
	Demand(ctx context.Context, known []string) ([]string, error)
	// Peers is the number of subscribers that are connected.
	Peers() int
	// Endpoints are what is bound, the one that the settings name first. They stay as long as the sink is open, and
	// more may come.
	Endpoints() []transport.Endpoint
	// URIs are where it is announced now, in the order of Endpoints; "" among them: nowhere.
	URIs() []string
	// Close sends what is queued, within a limit of its own, and closes.
	Close() error
}

// Audience is a [Sink] that knows its subscribers. Both may be called concurrently with everything else.
type Audience interface {
	// Clients are the subscribers that are connected.
	Clients() []transport.Client
	// Loss counts what they did not get.
	Loss() transport.LossStats
}
