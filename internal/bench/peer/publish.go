package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/pytroll/posttroll-go/internal/bench/board"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/pubsub"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// publish is "publish": MESSAGE SUBSCRIBERS QUEUE WINDOW plain|curve frames|batches|messages.
func publish(ctx context.Context, t *zmq.Transport, b *board.Board, args []string) error {
	frame, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	n, err := numbers(args[1:4])
	if err != nil {
		return err
	}
	p := board.Publisher{Board: b, Subscribers: n[0], Window: uint64(n[2])}
	backend := transport.Plain
	if args[4] == "curve" {
		backend = transport.Secure
	}
	if args[5] == "messages" {
		return publishMessages(ctx, t, p, frame, n[1])
	}
	return publishFrames(ctx, t, p, frame, backend, n[1], args[5] == "batches")
}

// publishFrames sends bytes.
func publishFrames(ctx context.Context, t *zmq.Transport, p board.Publisher, frame []byte, backend transport.Backend, queue int, batches bool) (err error) {
	at, err := transport.ParseEndpoint("tcp://127.0.0.1:0")
	if err != nil {
		return err
	}
	cfg := transport.PublisherConfig{Endpoint: at, Backend: backend, SocketOptions: transport.SocketOptions{Queue: queue}}
	key := "-"
	if backend == transport.Secure {
		pair, err := newKey()
		if err != nil {
			return err
		}
		cfg.Security, key = transport.ServerSecurity{Key: pair, Gate: everybody{}}, pair.Public.String()
	}
	socket, err := t.Publisher(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, socket.Close()) }()
	p.Begin = func() error { return waitSubscribed(ctx, socket, p.Subscribers) }
	frames := slices.Repeat([][]byte{frame}, board.Batch)
	p.Send = func(count int) error {
		if batches {
			_, err := socket.SendBatch(ctx, frames[:count])
			return err
		}
		for range count {
			if err := socket.Send(ctx, frame); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := fmt.Println(socket.Endpoint(), key); err != nil {
		return err
	}
	return p.Serve(os.Stdin, os.Stdout)
}

func waitSubscribed(ctx context.Context, socket transport.Publisher, n int) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	return socket.WaitSubscribed(ctx, message.Magic, n)
}

// publishMessages sends what a program makes.
func publishMessages(ctx context.Context, t *zmq.Transport, p board.Publisher, frame []byte, queue int) (err error) {
	node, err := pubsub.New(pubsub.Options{Transport: t})
	if err != nil {
		return err
	}
	m, err := message.Decode(frame)
	if err != nil {
		return err
	}
	data, err := m.Data()
	if err != nil {
		return err
	}
	pub, err := node.Publisher(pubsub.PublisherOptions{Address: "tcp://127.0.0.1:0", Announce: pubsub.AnnounceNone, Queue: queue})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pub.Close()) }()
	p.Begin = func() error {
		ctx, cancel := context.WithTimeout(ctx, connectTime)
		defer cancel()
		return pub.WaitSubscribed(ctx, m.Subject(), p.Subscribers)
	}
	p.Send = func(count int) error {
		for range count {
			if err := pub.SendFrame(ctx, frame); err != nil {
				return err
			}
		}
		return nil
	}
	p.SendOne = func() error { return pub.Publish(ctx, m.Subject(), m.Type(), data) }
	if _, err := fmt.Println(pub.Endpoint(), "-"); err != nil {
		return err
	}
	return p.Serve(os.Stdin, os.Stdout)
}
