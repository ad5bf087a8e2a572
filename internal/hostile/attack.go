package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// testCase is something that a stranger does.
type testCase struct {
	name string // KIND/WHAT
	at   []socket
	// open says why it is known to fail. Empty: it does not.
	open string
	// slow cases are not in the short form.
	slow bool
	// lines are how many a program may log for it. 0: maxLines.
	lines int
	// narrow cases happen in a world where the nameserver and the relay may have few descriptors.
	narrow bool
	// meanwhile is what has to work while the case holds connections open. Nil: everything.
	meanwhile *aspects
	// run does it. An error is a wrong answer of the program; that it cut us off is none.
	run func(*attack) error
}

// attack is a case that runs.
type attack struct {
	context.Context
	w    *world
	at   socket
	mu   sync.Mutex // guards held
	held []func() error
}

// patience is how long a case waits for what should come at once.
const patience = 25 * time.Second

// hold keeps a connection open until the world was checked with it.
func (a *attack) hold(c io.Closer) { a.after(c.Close) }

// after has something done when the world was checked: what a stranger who has gone leaves to be done.
func (a *attack) after(done func() error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held = append(a.held, done)
}

// holds tells whether there is something to check with.
func (a *attack) holds() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.held) > 0
}

// release lets go of what is held, the newest first.
func (a *attack) release() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var errs []error
	for _, done := range slices.Backward(a.held) {
		errs = append(errs, done())
	}
	a.held = nil
	return errors.Join(errs...)
}

// dial connects to the socket, from the address of strangers.
func (a *attack) dial() (net.Conn, error) {
	network, address := a.at.address(a.w)
	dialer := net.Dialer{}
	if network == "tcp" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(stranger)}
	}
	conn, err := dialer.DialContext(a, network, address)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(patience))
}

// open connects and keeps the connection. Where HTTPS is spoken, that is what is written into.
func (a *attack) open() (net.Conn, error) {
	conn, err := a.openBare()
	if err != nil {
		return nil, err
	}
	return a.speak(conn), nil
}

// speak returns what is written into, where HTTPS is spoken.
func (a *attack) speak(conn net.Conn) net.Conn {
	if a.at.kind != kindHTTP || !a.at.secure {
		return conn
	}
	return tls.Client(conn, a.w.certificate.client)
}

// openBare connects and keeps the connection, and that is all.
func (a *attack) openBare() (net.Conn, error) {
	conn, err := a.dial()
	if err == nil {
		a.hold(conn)
	}
	return conn, err
}

// isCut tells whether an error is that the other side has ended the connection.
func isCut(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || ok && !op.Timeout() && op.Op != "dial"
}

// orStuck takes for a right answer to be cut off, and that what we send is not taken any more.
func orStuck(err error) error {
	if isCut(err) || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
