package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strings"
)

// rawCases are bytes that no ZeroMQ socket would send, written to every port, and connections that are odd in themselves.
func rawCases() []testCase {
	all := table("raw", listening, []text{
		{"nothing", ""},
		{"a-byte", "\x00"},
		{"0xff", "\xff"},
		{"http", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x42", 512)},
		{"ssh", "SSH-2.0-OpenSSH_9.2p1\r\n"},
		{"a-message", announceHead + `{"URI": "tcp://127.0.0.1:1", "service": ["hostile"]}`},
		{"zeros", strings.Repeat("\x00", 5000)},
		{"ones", strings.Repeat("\xff", 5000)},
		{"random", randomText(5000)},
		{"a-megabyte-of-zeros", strings.Repeat("\x00", 1<<20)},
		{"a-megabyte-of-ones", strings.Repeat("\xff", 1<<20)},
		{"a-megabyte-of-random", randomText(1 << 20)},
	}, (*attack).write)
	return append(all,
		testCase{name: "raw/closed-at-once-200-times", at: listening, run: func(a *attack) error {
			for range 200 {
				conn, err := a.dial()
				if err != nil {
					return err
				}
				if err := conn.Close(); err != nil {
					return err
				}
			}
			return nil
		}},
		testCase{name: "raw/reset-200-times", at: listening, run: func(a *attack) error {
			for i := range 200 {
				conn, err := a.dial()
				if err != nil {
					return err
				}
				if _, err := io.WriteString(conn, greeting(1, "NULL")[:i%64]); err != nil && !isCut(err) {
					return err
				}
				if err := reset(conn); err != nil {
					return err
				}
			}
			return nil
		}},
		testCase{name: "raw/half-closed", at: listening, run: func(a *attack) error {
			for _, bytes := range []string{"", "\xff", greeting(1, "NULL"), greeting(0, "CURVE")} {
				conn, err := a.open()
				if err != nil {
					return err
				}
				if _, err := io.WriteString(conn, bytes); err != nil {
					return orCut(err)
				}
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					return err
				}
			}
			return nil
		}},
		testCase{name: "raw/silence-is-cut", at: listening, slow: true, run: func(a *attack) error {
			conn, err := a.open()
			if err != nil {
				return err
			}
			return cut(conn)
		}},
	)
}

// reset ends a connection by a reset.
func reset(conn net.Conn) error {
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		return err
	}
	return conn.Close()
}

func randomText(size int) string {
	b := make([]byte, size)
	_, _ = rand.Read(b) // never fails
	return string(b)
}

// write writes bytes and stays connected. To be cut off meanwhile is a right answer.
func (a *attack) write(bytes string) error {
	conn, err := a.open()
	if err != nil {
		return err
	}
	return said(conn, bytes)
}

// writeBare does so beneath whatever is spoken there.
func (a *attack) writeBare(bytes string) error {
	conn, err := a.openBare()
	if err != nil {
		return err
	}
	return said(conn, bytes)
}

func said(conn net.Conn, bytes string) error {
	if _, err := io.WriteString(conn, bytes); err != nil && !isCut(err) {
		return fmt.Errorf("not taken: %w", err)
	}
	return nil
}
