package curveprobe

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"testing"

	"golang.org/x/crypto/nacl/box"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// server is a CURVE server that does as RFC 26 has it, but for what is said otherwise. Each of the functions gets the bytes that are due and returns those to
// send; then the server goes on, unless they are none: then it closes the connection.
type server struct {
	key                      curve.KeyPair
	greeting, welcome, ready func(due []byte) []byte
}

// newServer returns one that does all as it should.
func newServer(tb testing.TB) *server {
	tb.Helper()
	same := func(due []byte) []byte { return due }
	return &server{generate(tb), same, same, same}
}

func generate(tb testing.TB) curve.KeyPair {
	tb.Helper()
	cert, err := curve.Generate()
	if err != nil {
		tb.Fatal(err)
	}
	return cert.KeyPair
}

// listen serves connections until the end of the test and returns where.
func (s *server) listen(t *testing.T) transport.Endpoint {
	t.Helper()
	return listen(t, func(conn net.Conn) {
		if err := s.serve(conn); err != nil {
			t.Error(err)
		}
	})
}

// listen has serve serve one connection and returns where.
func listen(t *testing.T, serve func(net.Conn)) transport.Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return // the test has ended before
		}
		defer conn.Close()
		serve(conn)
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	e, err := transport.ConnectEndpoint("tcp://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// hang returns when the client has closed the connection.
func hang(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// serve goes through the handshake and waits for the client to close the connection. Its errors say what the client did wrong.
func (s *server) serve(conn net.Conn) error {
	theirs := make([]byte, greetingSize)
	if _, err := io.ReadFull(conn, theirs[:mechanismAt]); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if !s.send(conn, s.greeting, ourGreeting()) {
		return nil
	}
	if _, err := io.ReadFull(conn, theirs[mechanismAt:]); err != nil {
		return nil // it does not like ours
	}
	if !bytes.Equal(theirs, ourGreeting()) {
		return fmt.Errorf("got greeting %x", theirs)
	}
	hello, err := readCommand(conn)
	if err != nil {
		return nil // likewise
	}
	client, welcome, answers, err := s.takeHello(hello)
	if err != nil {
		return err
	}
	if !s.send(conn, s.welcome, appendCommand(nil, "WELCOME", welcome)) {
		return nil
	}
	initiate, err := readCommand(conn)
	if err != nil {
		return nil // likewise
	}
	ready, err := s.takeInitiate(initiate, client, answers)
	if err != nil {
		return err
	}
	if s.send(conn, s.ready, appendCommand(nil, "READY", ready)) {
		hang(conn)
	}
	return nil
}

// send sends what answer makes of the bytes due, and tells whether that is something.
func (s *server) send(conn net.Conn, answer func([]byte) []byte, due []byte) bool {
	b := answer(due)
	_, err := conn.Write(b)
	return err == nil && len(b) > 0
}

// pair is a pair of keys as box has it.
type pair struct{ public, secret *[keySize]byte }

func (s *server) pair() pair {
	return pair{(*[keySize]byte)(s.key.Public[:]), (*[keySize]byte)(s.key.Secret.Reveal())}
}

// takeHello checks HELLO, and returns the client's key for this connection, the body of WELCOME and the server's key for this connection.
func (s *server) takeHello(c command) (client *[keySize]byte, welcome []byte, answers pair, err error) {
	const clientAt = 2 + helloPadding
	if c.name != "HELLO" || len(c.body) != 194 || !bytes.Equal(c.body[:2], []byte{1, 0}) {
		return nil, nil, pair{}, fmt.Errorf("got %s of %d bytes, want HELLO", c.name, len(c.body))
	}
	client = (*[keySize]byte)(c.body[clientAt:])
	rest := c.body[clientAt+keySize:]
	if zeros, ok := box.Open(nil, rest[shortNonce:], nonceOf("CurveZMQHELLO---", rest[:shortNonce]), client, s.pair().secret); !ok || !bytes.Equal(zeros, make([]byte, 64)) {
		return nil, nil, pair{}, fmt.Errorf("the box in HELLO holds %x", zeros)
	}
	public, secret, err := box.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, pair{}, err
	}
	welcome = bytes.Repeat([]byte{7}, longNonce)
	plain := append(public[:], bytes.Repeat([]byte{9}, cookieSize)...)
	return client, box.Seal(welcome, plain, nonceOf("WELCOME-", welcome), client, s.pair().secret), pair{public, secret}, nil
}

// takeInitiate checks INITIATE and returns the body of READY.
func (s *server) takeInitiate(c command, client *[keySize]byte, own pair) ([]byte, error) {
	if c.name != "INITIATE" || len(c.body) < cookieSize+shortNonce || !bytes.Equal(c.body[:cookieSize], bytes.Repeat([]byte{9}, cookieSize)) {
		return nil, fmt.Errorf("got %s of %d bytes, want INITIATE with the cookie", c.name, len(c.body))
	}
	rest := c.body[cookieSize:]
	plain, ok := box.Open(nil, rest[shortNonce:], nonceOf("CurveZMQINITIATE", rest[:shortNonce]), client, own.secret)
	if !ok || len(plain) < 2*keySize+longNonce+box.Overhead+keySize {
		return nil, fmt.Errorf("the box in INITIATE holds %d bytes", len(plain))
	}
	longTerm, vouch := (*[keySize]byte)(plain), plain[keySize:]
	vouched, ok := box.Open(nil, vouch[longNonce:], nonceOf("VOUCH---", vouch[:longNonce]), longTerm, own.secret)
	if !ok || !bytes.Equal(vouched, append(client[:], s.key.Public[:]...)) {
		return nil, fmt.Errorf("the vouch holds %x", vouched)
	}
	counter := []byte{0, 0, 0, 0, 0, 0, 0, 1}
	return box.Seal(counter, []byte("\x0bSocket-Type\x00\x00\x00\x03PUB"), nonceOf("CurveZMQREADY---", counter), client, own.secret), nil
}
