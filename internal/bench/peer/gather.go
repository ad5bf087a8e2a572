package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pytroll/posttroll-go/internal/bench/board"
	"github.com/pytroll/posttroll-go/pkg/message"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"github.com/pytroll/posttroll-go/pkg/transport/zmq"
)

// gather is "gather": QUEUE ENDPOINT...
func gather(ctx context.Context, t *zmq.Transport, b *board.Board, args []string) (err error) {
	n, err := numbers(args[:1])
	if err != nil {
		return err
	}
	socket, err := t.Subscriber(transport.SubscriberConfig{SocketOptions: transport.SocketOptions{Queue: n[0]}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, socket.Close()) }()
	if err := socket.Subscribe(message.Magic); err != nil {
		return err
	}
	if err := each(args[1:], socket.Connect); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { cancel(change(socket, os.Stdin, os.Stdout)) }()
	c := &counter{board: b}
	for {
		frames, err := socket.Receive(ctx)
		if err != nil {
			return context.Cause(ctx)
		}
		for range frames {
			c.add()
		}
		c.tell()
	}
}

// change does what it reads, until there is no more.
func change(socket transport.Subscriber, in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return context.Canceled // whoever asked has gone
		}
		words := strings.Fields(line)
		switch {
		case len(words) > 0 && words[0] == "+":
			err = each(words[1:], socket.Connect)
		case len(words) > 0 && words[0] == "-":
			err = each(words[1:], socket.Disconnect)
		default:
			err = fmt.Errorf("what is %q", line)
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, "done"); err != nil {
			return err
		}
	}
}

func each(endpoints []string, do func(transport.Address) error) error {
	for _, at := range endpoints {
		to, err := address(at, "-")
		if err != nil {
			return err
		}
		if err := do(to); err != nil {
			return err
		}
	}
	return nil
}
