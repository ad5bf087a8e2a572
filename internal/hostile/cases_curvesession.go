package main

import (
	"io"
	"strings"
	"time"
)

// curveSessionCases are what one sends who was let in, and means no good.
func curveSessionCases() []testCase {
	sends := func(name string, bytes func(s *session) string) testCase {
		return testCase{name: "session/" + name, at: encrypted, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			_, err = io.WriteString(p, bytes(p.box))
			return orCut(err)
		}}
	}
	flip := func(frame string, at int) string { return frame[:at] + string([]byte{frame[at] ^ 1}) + frame[at+1:] }
	return []testCase{
		sends("in-plain", func(*session) string { return frame(0, "\x01") }),
		sends("command-in-plain", func(*session) string { return zmtpCommand("PING", "\x00\x00") }),
		sends("box-that-can-not-be-opened", func(s *session) string { return flip(s.seal(0, "hello"), 30) }),
		sends("same-message-again", func(s *session) string {
			m := s.seal(0, "hello")
			return m + m
		}),
		sends("counter-that-goes-back", func(s *session) string {
			m := s.seal(0, "hello")
			s.sent -= 2
			return m + s.seal(0, "hello")
		}),
		sends("counter-at-its-end", func(s *session) string {
			s.sent = 1<<64 - 2
			return s.seal(0, "hello") + s.seal(0, "hello")
		}),
		sends("message-name-alone", func(*session) string { return frame(0, "\x07MESSAGE") }),
		sends("message-too-short", func(*session) string { return frame(0, "\x07MESSAGE12345678") }),
		sends("message-of-no-frame", func(s *session) string { return s.seal(0, "")[:2+8+8+16] }),
		sends("flags-of-all-kinds", func(s *session) string {
			var all strings.Builder
			for flags := range 8 {
				all.WriteString(s.seal(byte(flags), "x"))
			}
			return all.String()
		}),
		sends("empty-messages", func(s *session) string { return s.seal(0, "") + s.seal(flagMore, "") + s.seal(flagCommand, "") }),
		sends("initiate-again", func(*session) string { return zmtpCommand("INITIATE", strings.Repeat("x", 300)) }),
		sends("huge-and-no-more", func(*session) string { return longFrame(0, 1<<62, "\x07MESSAGE") }),
		sends("60-megabytes-and-no-more", func(*session) string { return longFrame(0, 60<<20, "\x07MESSAGE") }),
		{name: "session/key-is-withdrawn", at: encrypted, run: func(a *attack) error {
			if err := a.w.keys.admit("stranger"); err != nil {
				return err
			}
			var p *peer
			if err := eventually(a, func() error { // the folder is read
				conn, err := a.open()
				if err != nil {
					return err
				}
				if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
					return err
				}
				p, err = curveConnect(conn, a.w.keys.server.Public, a.w.keys.stranger, a.at.peerKind())
				return err
			}); err != nil {
				return err
			}
			if err := p.SetDeadline(time.Now().Add(patience)); err != nil {
				return err
			}
			if err := p.send(0, "\x01pytroll:/"); err != nil {
				return err
			}
			if err := a.w.keys.revoke("stranger"); err != nil {
				return err
			}
			return cut(p)
		}},
	}
}
