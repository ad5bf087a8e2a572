// Command peer is a publisher or a subscriber of NATS core, as scripts/bench compares ours with. It is a module of its own, so that who uses our packages does
// not inherit NATS; the server is its tool.
//
//	peer publish BOARD MESSAGE SUBSCRIBERS WINDOW URL
//	peer subscribe BOARD SLOT URL
//
// BOARD is the file of package board. The subscriber prints a line when the server knows what it wants.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/nats-io/nats.go"

	"github.com/pytroll/posttroll-go/internal/bench/board"
)

const subject = "viirs.sdr.1B"

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
	if len(args) < 2 {
		return errors.New("publish or subscribe?")
	}
	b, err := board.Open(args[1])
	if err != nil {
		return err
	}
	switch {
	case args[0] == "publish" && len(args) == 6:
		err = publish(b, args[2:])
	case args[0] == "subscribe" && len(args) == 4:
		err = subscribe(ctx, b, args[2:])
	default:
		err = fmt.Errorf("what is %q", args)
	}
	return errors.Join(err, b.Close())
}

// publish is "publish": MESSAGE SUBSCRIBERS WINDOW URL.
func publish(b *board.Board, args []string) error {
	frame, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	subscribers, err1 := strconv.Atoi(args[1])
	window, err2 := strconv.ParseUint(args[2], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	conn, err := nats.Connect(args[3])
	if err != nil {
		return err
	}
	defer conn.Close()
	p := board.Publisher{Board: b, Subscribers: subscribers, Window: window, Send: func(count int) error {
		for range count {
			if err := conn.Publish(subject, frame); err != nil {
				return err
			}
		}
		return nil
	}}
	return p.Serve(os.Stdin, os.Stdout)
}

// subscribe is "subscribe": SLOT URL.
func subscribe(ctx context.Context, b *board.Board, args []string) error {
	slot, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	conn, err := nats.Connect(args[1], nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		select {
		case failed <- err:
		default:
		}
	}))
	if err != nil {
		return err
	}
	defer conn.Close()
	var n uint64
	sub, err := conn.Subscribe(subject, func(*nats.Msg) {
		n++
		b.NoteArrival(n)
		b.SetReceived(slot, n)
	})
	if err != nil {
		return err
	}
	if err := errors.Join(sub.SetPendingLimits(-1, -1), conn.Flush()); err != nil {
		return err
	}
	if _, err := fmt.Println("ready"); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}
