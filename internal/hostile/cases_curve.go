package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

// curveCases are handshakes of CURVE that go wrong at one of their steps. Who makes them is not let in, whatever he says.
func curveCases() []testCase {
	hello := func(change func(body string) string) func(*attack) error {
		return func(a *attack) error {
			conn, err := a.open()
			if err != nil {
				return err
			}
			s, err := newSession(false)
			if err != nil {
				return err
			}
			if err := curveGreet(conn); err != nil {
				return err
			}
			whole := s.hello(a.w.keys.server.Public)
			_, err = io.WriteString(conn, frame(flagCommand, change(whole[2:])))
			return orCut(err)
		}
	}
	initiate := func(change func(a *attack, s *session, conn net.Conn) (string, error)) func(*attack) error {
		return func(a *attack) error {
			conn, s, err := a.welcomed()
			if err != nil {
				return err
			}
			bytes, err := change(a, s, conn)
			if err != nil {
				return err
			}
			if _, err := io.WriteString(conn, bytes); err != nil {
				return orCut(err)
			}
			return notReady(conn)
		}
	}
	// libzmq lets in whose key is admitted though his metadata are no good, or his vouch is for another server.
	admitted := func(said func(a *attack, s *session) string) func(*attack) error {
		return func(a *attack) error {
			conn, s, err := a.welcomed()
			if err != nil {
				return err
			}
			if _, err := io.WriteString(conn, said(a, s)); err != nil {
				return orCut(err)
			}
			_, err = io.WriteString(conn, s.seal(0, "\x01"))
			return orCut(err)
		}
	}
	whole := func(a *attack, s *session) string {
		return s.initiate(a.w.keys.server.Public, a.w.keys.bad, property("Socket-Type", a.at.peerKind()))
	}
	body := func(change func(body string) string) func(a *attack, s *session, _ net.Conn) (string, error) {
		return func(a *attack, s *session, _ net.Conn) (string, error) {
			_, all, err := readFrame(strings.NewReader(whole(a, s)))
			return frame(flagCommand, change(all)), err
		}
	}
	named := func(name string, run func(*attack) error) testCase {
		return testCase{name: "curve/" + name, at: encrypted, run: run}
	}
	flip := func(at int) func(string) string {
		return func(b string) string { return b[:at] + string([]byte{b[at] ^ 1}) + b[at+1:] }
	}
	return []testCase{
		named("hello-with-another-byte-in-the-proof", hello(flip(199))),
		named("hello-with-another-key", hello(flip(6+2+72+1))),
		named("hello-of-version-9", hello(func(b string) string { return b[:6] + "\x09\x09" + b[8:] })),
		named("hello-with-padding-of-ones", hello(func(b string) string { return b[:8] + strings.Repeat("\xff", 72) + b[80:] })),
		named("hello-of-zeros", hello(func(b string) string { return b[:6] + strings.Repeat("\x00", len(b)-6) })),
		named("hello-too-short", hello(func(b string) string { return b[:len(b)-1] })),
		named("hello-too-long", hello(func(b string) string { return b + "x" })),
		named("hello-name-alone", hello(func(b string) string { return b[:6] })),
		named("hello-twice", func(a *attack) error {
			conn, s, err := a.welcomed()
			if err != nil {
				return err
			}
			_, err = io.WriteString(conn, s.hello(a.w.keys.server.Public))
			return orCut(err)
		}),
		named("hello-and-silence", func(a *attack) error {
			for range 50 {
				if _, _, err := a.welcomed(); err != nil {
					return err
				}
			}
			return nil
		}),
		named("initiate-first", func(a *attack) error {
			return a.write(greeting(1, "CURVE") + zmtpCommand("INITIATE", strings.Repeat("x", 257)))
		}),
		named("initiate-of-zeros", initiate(body(func(b string) string { return b[:9] + strings.Repeat("\x00", len(b)-9) }))),
		named("initiate-with-another-cookie", initiate(body(flip(9+20)))),
		named("initiate-with-another-box", initiate(body(flip(9+96+8+50)))),
		named("initiate-with-another-counter", initiate(body(flip(9+96+7)))),
		named("initiate-too-short", initiate(body(func(b string) string { return b[:200] }))),
		named("initiate-name-alone", initiate(body(func(b string) string { return b[:9] }))),
		named("initiate-and-a-megabyte", initiate(body(func(b string) string { return b + strings.Repeat("x", 1<<20) }))),
		named("initiate-twice", func(a *attack) error {
			conn, s, err := a.welcomed()
			if err != nil {
				return err
			}
			_, err = io.WriteString(conn, whole(a, s)+whole(a, s))
			return orCut(err)
		}),
		named("initiate-over-another-connection", initiate(func(a *attack, s *session, _ net.Conn) (string, error) {
			other, err := a.open()
			if err != nil {
				return "", err
			}
			t, err := curveWelcome(other, a.w.keys.server.Public)
			if err != nil {
				return "", err
			}
			t.mine, t.mineSecret = s.mine, s.mineSecret
			return whole(a, t), nil
		})),
		named("initiate-again-over-another-connection", func(a *attack) error {
			conn, s, err := a.welcomed()
			if err != nil {
				return err
			}
			said := whole(a, s)
			if _, err := io.WriteString(conn, said); err != nil {
				return err
			}
			if _, _, err := readFrame(conn); err != nil {
				return err
			}
			again, err := a.open()
			if err != nil {
				return err
			}
			if _, err := curveWelcome(again, a.w.keys.server.Public); err != nil {
				return err
			}
			if _, err := io.WriteString(again, said); err != nil {
				return orCut(err)
			}
			return notReady(again)
		}),
		named("vouch-of-another", initiate(func(a *attack, s *session, _ net.Conn) (string, error) {
			mixed := curve.KeyPair{Public: a.w.keys.good.Public, Secret: a.w.keys.bad.Secret}
			return s.initiate(a.w.keys.server.Public, mixed, property("Socket-Type", a.at.peerKind())), nil
		})),
		named("vouch-for-another-server", admitted(func(a *attack, s *session) string {
			return s.initiate(a.w.keys.good.Public, a.w.keys.bad, property("Socket-Type", a.at.peerKind()))
		})),
		named("key-that-is-not-admitted", initiate(func(a *attack, s *session, _ net.Conn) (string, error) {
			return s.initiate(a.w.keys.server.Public, a.w.keys.stranger, property("Socket-Type", a.at.peerKind())), nil
		})),
		named("key-that-is-not-admitted-50-times", func(a *attack) error {
			for range 50 {
				conn, err := a.dial()
				if err != nil {
					return err
				}
				s, err := curveWelcome(conn, a.w.keys.server.Public)
				if err != nil {
					return err
				}
				if _, err := io.WriteString(conn, s.initiate(a.w.keys.server.Public, a.w.keys.stranger, "")); err != nil {
					return err
				}
				if err := conn.Close(); err != nil {
					return err
				}
			}
			return nil
		}),
		named("metadata-cut-off", admitted(func(a *attack, s *session) string {
			return s.initiate(a.w.keys.server.Public, a.w.keys.bad, "\x0bSocket-Type\x00\x00")
		})),
		named("metadata-of-4-gigabytes", admitted(func(a *attack, s *session) string {
			return s.initiate(a.w.keys.server.Public, a.w.keys.bad, "\x01x\xff\xff\xff\xff")
		})),
		named("metadata-of-the-wrong-kind", admitted(func(a *attack, s *session) string {
			return s.initiate(a.w.keys.server.Public, a.w.keys.bad, property("Socket-Type", "PUSH"))
		})),
		named("metadata-that-name-somebody-else", func(a *attack) error {
			// What ZAP tells of a client, said by the client.
			conn, s, err := a.welcomed()
			if err != nil {
				return err
			}
			said := property("Socket-Type", a.at.peerKind()) + property("User-Id", "good") + property("Peer-Address", home) + property("__fd", "0")
			_, err = io.WriteString(conn, s.initiate(a.w.keys.server.Public, a.w.keys.bad, said))
			return orCut(err)
		}),
		named("error-instead-of-initiate", func(a *attack) error {
			conn, _, err := a.welcomed()
			if err != nil {
				return err
			}
			_, err = io.WriteString(conn, zmtpCommand("ERROR", "\x03400"))
			return orCut(err)
		}),
		named("message-instead-of-initiate", func(a *attack) error {
			conn, s, err := a.welcomed()
			if err != nil {
				return err
			}
			if _, err := io.WriteString(conn, s.seal(0, "hello")); err != nil {
				return orCut(err)
			}
			return notReady(conn)
		}),
		named("a-plain-peer", func(a *attack) error { return a.write(greeting(1, "NULL") + ready(a.at.peerKind()) + frame(0, "\x01")) }),
		named("plain-ready-after-the-greeting", func(a *attack) error {
			return a.write(greeting(1, "CURVE") + ready(a.at.peerKind()) + frame(0, "\x01"))
		}),
		{name: "curve/at-a-plain-socket", at: plain, run: func(a *attack) error {
			s, err := newSession(false)
			if err != nil {
				return err
			}
			return a.write(greeting(1, "CURVE") + s.hello(a.w.keys.server.Public))
		}},
	}
}

// welcomed opens a connection whose CURVE handshake is done up to the server's WELCOME.
func (a *attack) welcomed() (net.Conn, *session, error) {
	conn, err := a.open()
	if err != nil {
		return nil, nil, err
	}
	s, err := curveWelcome(conn, a.w.keys.server.Public)
	return conn, s, err
}

// errAdmitted is what should not have happened.
var errAdmitted = errors.New("was let in")

// notReady reads what comes for a handshake that is no good: anything but READY, or nothing, as to one whose key may be admitted yet.
func notReady(conn net.Conn) error {
	if err := conn.SetReadDeadline(time.Now().Add(stuckAfter)); err != nil {
		return err
	}
	_, body, err := readFrame(conn)
	switch {
	case err != nil:
		return orStuck(err)
	case strings.HasPrefix(body, "\x05READY"):
		return errAdmitted
	case strings.HasPrefix(body, "\x05ERROR"):
		return nil
	}
	return fmt.Errorf("answered with %.40q", body)
}
