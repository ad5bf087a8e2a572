package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

// connectTime is how long a program may take until it answers.
const connectTime = 10 * time.Second

// freePort returns a port of TCP that can be bound.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, firstOf(err, l.Close())
}

// freeEndpoint returns one that can be bound.
func freeEndpoint() (string, error) {
	port, err := freePort()
	return "tcp://127.0.0.1:" + port, err
}

// connect connects to a port as soon as somebody listens there.
func connect(ctx context.Context, port string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("port %s: %w", port, err)
		}
		time.Sleep(200 * time.Microsecond) // there is nothing that could be waited for
	}
}

// awaitPort waits until somebody listens.
func awaitPort(ctx context.Context, port string) error {
	conn, err := connect(ctx, port)
	if err != nil {
		return err
	}
	return conn.Close()
}
