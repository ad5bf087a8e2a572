// Command peer is a publisher, a subscriber, or what encodes and decodes messages, as a program that uses our packages has them: what scripts/bench
// measures.
//
//	peer publish BOARD MESSAGE SUBSCRIBERS QUEUE WINDOW plain|curve frames|batches|messages
//	peer subscribe BOARD SLOT QUEUE KEY frames|kept|headers|messages ENDPOINT...
//	peer gather BOARD QUEUE ENDPOINT...
//	peer codec MESSAGE...
//
// BOARD is the file of package board. The publisher prints its endpoint and its public key ("-": plain), and sends what is in the file
// MESSAGE. "frames" are bytes that go through the transport as they are, which is what libzmq does, and "batches" are the same, a few
// in each call. A subscriber of "frames" is done with them at the next call, as one in C is with the message that zmq_msg_recv gives back; "kept" ones are its own
// for ever. "messages" go through package pubsub, with their data
// encoded for each one that a delay is measured of, and decoded; "headers" stop short of the data. "gather" subscribes to frames, too, and connects to more publishers, or leaves
// them, when it reads "+ ENDPOINT..." or "- ENDPOINT...", which it answers with a line.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/pytroll/posttroll-go/internal/bench/board"
	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// connectTime is how long subscribers may take to come.
const connectTime = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "peer: %v\n", err)
		os.Exit(1)
	}
	stop()
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("publish, subscribe, gather or codec?")
	}
	command, args := args[0], args[1:]
	switch {
	case command == "publish" && len(args) == 7:
		return withBoard(args[0], func(t *zmq.Transport, b *board.Board) error { return publish(ctx, t, b, args[1:]) })
	case command == "subscribe" && len(args) >= 6:
		return withBoard(args[0], func(t *zmq.Transport, b *board.Board) error { return subscribe(ctx, t, b, args[1:]) })
	case command == "gather" && len(args) > 2:
		return withBoard(args[0], func(t *zmq.Transport, b *board.Board) error { return gather(ctx, t, b, args[1:]) })
	case command == "codec" && len(args) > 0:
		return codec(args, os.Stdin, os.Stdout)
	}
	return fmt.Errorf("what is %q %q", command, args)
}

func withBoard(name string, run func(*zmq.Transport, *board.Board) error) (err error) {
	b, err := board.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	t, err := zmq.New(zmq.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	return run(t, b)
}

// numbers reads so many of the arguments.
func numbers(args []string) ([]int, error) {
	var all []int
	for _, arg := range args {
		n, err := strconv.Atoi(arg)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// everybody is a gate that admits whoever has a key, as libzmq does without an authenticator.
type everybody struct{}

func (everybody) Judge(transport.Caller) transport.Verdict {
	return transport.Verdict{Admitted: true, Identity: "bench"}
}
func (everybody) Watch(func()) (stop func()) { return func() {} }

// newKey makes a pair.
func newKey() (curve.KeyPair, error) {
	c, err := curve.Generate()
	if err != nil {
		return curve.KeyPair{}, err
	}
	return c.KeyPair, nil
}
