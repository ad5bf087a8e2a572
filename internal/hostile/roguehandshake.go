package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"golang.org/x/crypto/nacl/box"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// errRefused is that the other side has said no in its handshake.
var errRefused = errors.New("refused")

// letIn goes through the handshake as a server does: with the keys of the world's servers where the socket is secure, as one would who has stolen them.
func (a *attack) letIn(conn net.Conn, kind string) (*peer, error) {
	if a.at.secure {
		return curveServe(conn, a.w.keys.server, kind)
	}
	return plainConnect(conn, kind, 1)
}

// curveServe goes through the handshake of CURVE as a server. Whoever asks is let in.
func curveServe(conn net.Conn, server curve.KeyPair, kind string) (*peer, error) {
	s, err := newSession(true)
	if err != nil {
		return nil, err
	}
	if err := curveGreet(conn); err != nil {
		return nil, err
	}
	hello, err := readCommand(conn, "HELLO", 2+72+32)
	if err != nil {
		return nil, err
	}
	copy(s.theirs[:], hello[2+72:])
	if _, err := io.WriteString(conn, s.sayWelcome(server)); err != nil {
		return nil, err
	}
	if _, err := readCommand(conn, "INITIATE", 0); err != nil {
		return nil, err
	}
	count := s.counter()
	sealed := box.Seal(nil, []byte(property("Socket-Type", kind)), nonce("CurveZMQREADY---", count), s.theirs, s.mineSecret)
	if _, err := io.WriteString(conn, zmtpCommand("READY", count+string(sealed))); err != nil {
		return nil, err
	}
	return &peer{conn, s}, nil
}

// sayWelcome returns WELCOME, with a cookie that says nothing.
func (s *session) sayWelcome(server curve.KeyPair) string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	plain := string(s.mine[:]) + strings.Repeat("c", 96)
	sealed := box.Seal(nil, []byte(plain), nonce("WELCOME-", string(random)), s.theirs, secretOf(server))
	return zmtpCommand("WELCOME", string(random)+string(sealed))
}

// readCommand reads a command of this name and of so many bytes at least, and returns what stands behind its name.
func readCommand(conn net.Conn, name string, size int) (string, error) {
	_, body, err := readFrame(conn)
	if err != nil {
		return "", err
	}
	head := string([]byte{byte(len(name))}) + name
	if !strings.HasPrefix(body, head) || len(body) < len(head)+size {
		return "", fmt.Errorf("got %.20q in place of %s: %w", body, name, errRefused)
	}
	return body[len(head):], nil
}
