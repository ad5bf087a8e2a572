package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/pytroll/posttroll-go/internal/bench/board"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// counter tells the board what has come.
type counter struct {
	board *board.Board
	slot  int
	n     uint64
}

func (c *counter) add() {
	c.n++
	c.board.NoteArrival(c.n)
}

func (c *counter) tell() { c.board.SetReceived(c.slot, c.n) }

// subscribe is "subscribe": SLOT QUEUE KEY frames|kept|headers|messages ENDPOINT...
func subscribe(ctx context.Context, t *zmq.Transport, b *board.Board, args []string) error {
	n, err := numbers(args[:2])
	if err != nil {
		return err
	}
	c := &counter{board: b, slot: n[0]}
	endpoints := args[4:]
	switch args[3] {
	case "frames", "kept":
		return subscribeFrames(ctx, t, c, n[1], args[2], endpoints, args[3] == "frames")
	case "headers":
		return subscribeHeaders(ctx, t, c, n[1], endpoints)
	case "messages":
		return subscribeMessages(ctx, t, c, n[1], endpoints)
	}
	return fmt.Errorf("what are %s", strconv.Quote(args[3]))
}

// subscribeFrames takes bytes, in memory that is used again or not.
func subscribeFrames(ctx context.Context, t *zmq.Transport, c *counter, queue int, key string, endpoints []string, recycle bool) (err error) {
	pair, err := newKey()
	if err != nil {
		return err
	}
	socket, err := t.Subscriber(transport.SubscriberConfig{Recycle: recycle, SocketOptions: transport.SocketOptions{Queue: queue, ClientKey: pair}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, socket.Close()) }()
	if err := socket.Subscribe(message.Magic); err != nil {
		return err
	}
	for _, at := range endpoints {
		to, err := address(at, key)
		if err != nil {
			return err
		}
		if err := socket.Connect(to); err != nil {
			return err
		}
	}
	for {
		frames, err := socket.Receive(ctx)
		if err != nil {
			return err
		}
		for range frames {
			c.add()
		}
		c.tell()
	}
}

func address(at, key string) (transport.Address, error) {
	e, err := transport.ParseEndpoint(at)
	if err != nil || key == "-" {
		return transport.Address{Endpoint: e, Backend: transport.Plain}, err
	}
	server, err := curve.ParsePublicKey(key)
	return transport.Address{Endpoint: e, Backend: transport.Secure, ServerKeys: curve.NewPublicKeys(server)}, err
}

func subscriber(t *zmq.Transport, queue int, endpoints []string) (*pubsub.Subscriber, error) {
	node, err := pubsub.New(pubsub.Options{Transport: t})
	if err != nil {
		return nil, err
	}
	return node.Subscriber(pubsub.SubscriberOptions{Addresses: pubsub.URIs(endpoints...), Queue: queue})
}

// subscribeHeaders takes messages in batches and does not look at their data.
func subscribeHeaders(ctx context.Context, t *zmq.Transport, c *counter, queue int, endpoints []string) (err error) {
	sub, err := subscriber(t, queue, endpoints)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sub.Close()) }()
	batch := make([]pubsub.Received, 0, 256)
	for {
		if batch, err = sub.ReceiveBatch(ctx, batch[:0]); err != nil {
			return err
		}
		for _, r := range batch {
			if r.Err != nil {
				return r.Err
			}
			c.add()
		}
		c.tell()
	}
}

// subscribeMessages takes messages one by one, as most programs do, and decodes all of each.
func subscribeMessages(ctx context.Context, t *zmq.Transport, c *counter, queue int, endpoints []string) (err error) {
	sub, err := subscriber(t, queue, endpoints)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sub.Close()) }()
	for m, err := range sub.Messages(ctx) {
		if err != nil {
			return err
		}
		if _, err := m.Data(); err != nil {
			return err
		}
		c.add()
		c.tell()
	}
	return nil
}
