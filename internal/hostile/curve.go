package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/nacl/box"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// session is an encrypted connection, or one that is about to be (CurveZMQ, RFC 26). The names of keys are those of the RFC.
type session struct {
	mine, mineSecret *[32]byte // C' of a client, S' of a server
	theirs           *[32]byte // the other one
	server           bool
	sent             uint64
	cookie           string
}

func newSession(server bool) (*session, error) {
	s := &session{server: server, theirs: new([32]byte)}
	var err error
	s.mine, s.mineSecret, err = box.GenerateKey(rand.Reader)
	return s, err
}

// secretOf returns the bytes of a secret key.
func secretOf(pair curve.KeyPair) *[32]byte { return (*[32]byte)(pair.Secret.Reveal()) }

// keyOf returns the bytes of a public key.
func keyOf(k curve.PublicKey) *[32]byte { return (*[32]byte)(&k) }

func nonce(letters, rest string) *[24]byte {
	var n [24]byte
	copy(n[copy(n[:], letters):], rest)
	return &n
}

// counter returns the next counter.
func (s *session) counter() string {
	s.sent++
	return string(binary.BigEndian.AppendUint64(nil, s.sent))
}

// hello returns HELLO.
func (s *session) hello(server curve.PublicKey) string {
	count := s.counter()
	sealed := box.Seal(nil, make([]byte, 64), nonce("CurveZMQHELLO---", count), keyOf(server), s.mineSecret)
	return zmtpCommand("HELLO", "\x01\x00"+strings.Repeat("\x00", 72)+string(s.mine[:])+count+string(sealed))
}

// welcome takes WELCOME.
func (s *session) welcome(body string, server curve.PublicKey) error {
	const name = "\x07WELCOME"
	if !strings.HasPrefix(body, name) || len(body) < len(name)+16 {
		return fmt.Errorf("got %.20q, want WELCOME", body)
	}
	body = body[len(name):]
	plain, ok := box.Open(nil, []byte(body[16:]), nonce("WELCOME-", body[:16]), keyOf(server), s.mineSecret)
	if !ok || len(plain) != 32+96 {
		return errors.New("WELCOME can't be opened")
	}
	copy(s.theirs[:], plain)
	s.cookie = string(plain[32:])
	return nil
}

// initiate returns INITIATE with these metadata.
func (s *session) initiate(server curve.PublicKey, client curve.KeyPair, metadata string) string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	vouched := append(append([]byte{}, s.mine[:]...), server[:]...)
	vouch := box.Seal(nil, vouched, nonce("VOUCH---", string(random)), s.theirs, secretOf(client))
	plain := string(client.Public[:]) + string(random) + string(vouch) + metadata
	count := s.counter()
	sealed := box.Seal(nil, []byte(plain), nonce("CurveZMQINITIATE", count), s.theirs, s.mineSecret)
	return zmtpCommand("INITIATE", s.cookie+count+string(sealed))
}

// seal makes a MESSAGE of a frame.
func (s *session) seal(flags byte, body string) string {
	inner := flags & flagMore
	if flags&flagCommand != 0 {
		inner |= 0x02
	}
	letters := "CurveZMQMESSAGEC"
	if s.server {
		letters = "CurveZMQMESSAGES"
	}
	head, plain := "\x07MESSAGE"+s.counter(), append([]byte{inner}, body...)
	whole := slices.Grow([]byte(frameHead(0, len(head)+len(plain)+box.Overhead)+head), len(plain)+box.Overhead)
	return string(box.Seal(whole, plain, nonce(letters, head[len(head)-8:]), s.theirs, s.mineSecret))
}

// open returns the frame in a MESSAGE.
func (s *session) open(body string) (flags byte, text string, err error) {
	const name = "\x07MESSAGE"
	if !strings.HasPrefix(body, name) || len(body) < len(name)+8 {
		return 0, "", fmt.Errorf("got %.20q, want MESSAGE", body)
	}
	body = body[len(name):]
	letters := "CurveZMQMESSAGES"
	if s.server {
		letters = "CurveZMQMESSAGEC"
	}
	plain, ok := box.Open(nil, []byte(body[8:]), nonce(letters, body[:8]), s.theirs, s.mineSecret)
	if !ok || len(plain) == 0 {
		return 0, "", errors.New("MESSAGE can't be opened")
	}
	flags = plain[0] & flagMore
	if plain[0]&0x02 != 0 {
		flags |= flagCommand
	}
	return flags, string(plain[1:]), nil
}

// curveGreet exchanges greetings.
func curveGreet(conn net.Conn) error {
	if _, err := io.WriteString(conn, greeting(1, "CURVE")); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 64))
	return err
}

// curveWelcome goes through the handshake up to WELCOME.
func curveWelcome(conn net.Conn, server curve.PublicKey) (*session, error) {
	s, err := newSession(false)
	if err != nil {
		return nil, err
	}
	if err := curveGreet(conn); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, s.hello(server)); err != nil {
		return nil, err
	}
	_, body, err := readFrame(conn)
	if err != nil {
		return nil, err
	}
	return s, s.welcome(body, server)
}

// curveConnect goes through all of it.
func curveConnect(conn net.Conn, server curve.PublicKey, client curve.KeyPair, kind string) (*peer, error) {
	s, err := curveWelcome(conn, server)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, s.initiate(server, client, property("Socket-Type", kind))); err != nil {
		return nil, err
	}
	_, body, err := readFrame(conn)
	if err != nil {
		return nil, fmt.Errorf("READY: %w", err)
	}
	if !strings.HasPrefix(body, "\x05READY") {
		return nil, fmt.Errorf("got %.20q, want READY", body)
	}
	return &peer{conn, s}, nil
}
