package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// connecting are those who connect to publishers: ptctl subscribe, the relay's sources, package pubsub. The figures are those of the relay.
var connecting = pick(func(s socket) bool { return s.kind == kindSource })

// rogueBytes are what a server says to whoever connects, and no handshake.
var rogueBytes = []text{
	{"says-nothing", ""},
	{"junk", strings.Repeat("junk\r\n", 2000)},
	{"megabyte-of-zeros", strings.Repeat("\x00", 1<<20)},
	{"megabyte-of-ones", strings.Repeat("\xff", 1<<20)},
	{"random", randomText(100_000)},
	{"http", "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n"},
	{"ssh", "SSH-2.0-OpenSSH_9.2p1\r\n"},
	{"tls-alert", "\x15\x03\x01\x00\x02\x02\x46"},
	{"half-a-greeting", greeting(1, "NULL")[:30]},
	{"greeting-and-silence", greeting(1, "NULL")},
	{"zmtp-1", "\x01\x00" + "\x05\x00hell"},
	{"zmtp-2", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x01\x00\x00"},
	{"zmtp-9", "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x09\x00" + strings.Repeat("\x00", 52)},
	{"mechanism-plain", greeting(1, "PLAIN") + zmtpCommand("WELCOME", "")},
	{"mechanism-null", greeting(1, "NULL") + ready("PUB")},
	{"mechanism-curve", greeting(1, "CURVE") + zmtpCommand("WELCOME", strings.Repeat("x", 160))},
	{"mechanism-unknown", greeting(1, "EVIL")},
	{"mechanism-empty", greeting(1, "")},
	{"error", greeting(1, "NULL") + zmtpCommand("ERROR", "\x03400")},
	{"error-of-curve", greeting(1, "CURVE") + zmtpCommand("ERROR", "\x03400")},
	{"error-cut-off", greeting(1, "CURVE") + zmtpCommand("ERROR", "\xff4")},
	{"ready-of-a-subscriber", greeting(1, "NULL") + ready("SUB")},
	{"ready-of-an-unknown-kind", greeting(1, "NULL") + ready("EVIL")},
	{"ready-without-properties", greeting(1, "NULL") + zmtpCommand("READY", "")},
	{"ready-with-a-property-beyond-its-end", greeting(1, "NULL") + zmtpCommand("READY", "\xffSocket-Type\xff\xff\xff\xff")},
	{"ready-of-a-megabyte", greeting(1, "NULL") + zmtpCommand("READY", property("X", strings.Repeat("x", 1<<20)))},
	{"ready-of-2-to-the-62", greeting(1, "NULL") + longFrame(flagCommand, 1<<62, "\x05READY")},
	{"welcome-too-short", greeting(1, "CURVE") + zmtpCommand("WELCOME", "x")},
	{"ready-in-place-of-welcome", greeting(1, "CURVE") + ready("PUB")},
	{"message-in-place-of-welcome", greeting(1, "CURVE") + zmtpCommand("MESSAGE", strings.Repeat("x", 100))},
}

// rogueMessages are frames of a publisher that has gone through the handshake.
var rogueMessages = []text{
	{"empty", ""},
	{"no-message", "hello"},
	{"magic-alone", "pytroll:/"},
	{"not-utf8", "pytroll://x file " + head + "\"\xff\xfe\""},
	{"not-utf8-in-the-subject", "pytroll://\xe5\xe4 file " + head + `{}`},
	{"nul", "pytroll://x\x00y file " + head + "{}"},
	{"control-characters", "pytroll://\x1b[2J\x1b]0;x\x07 file " + head + `{"uid": "\u001b[2J"}`},
	{"bad-time", "pytroll://x file u@h yesterday v1.01 application/json {}"},
	{"version-of-the-future", "pytroll://x file u@h 2024-05-17T09:41:12 v9.9 application/json {}"},
	{"mime-without-data", "pytroll://x file u@h 2024-05-17T09:41:12 v1.01 application/json"},
	{"blank-behind-the-version", "pytroll://x file u@h 2024-05-17T09:41:12 v1.01 "},
	{"unknown-mime", "pytroll://x file u@h 2024-05-17T09:41:12 v1.01 image/png x"},
	{"deep-lists", "pytroll://x file " + head + nested(100_000)},
	{"deep-objects", "pytroll://x file " + head + nestedObjects(50_000)},
	{"json-cut-off", "pytroll://x file " + head + `{"a": [1, `},
	{"number-of-10000-digits", "pytroll://x file " + head + `{"a": ` + strings.Repeat("9", 10_000) + "}"},
	{"lone-surrogate", "pytroll://x file " + head + `{"a": "\ud800", "uri": "\udfff"}`},
	{"same-key-10000-times", "pytroll://x file " + head + `{` + strings.Repeat(`"uid": 1, `, 10_000) + `"uid": 2}`},
	{"fields-of-other-kinds", "pytroll://x file " + head + `{"uid": {}, "uri": [[]], "dataset": 3, "checked": [], "secret": null}`},
	{"dataset-of-other-kinds", "pytroll://x dataset " + head + `{"dataset": [1, null, {"uri": {}}, [[]], {"uri": "/from/x.tmp"}]}`},
	{"subject-of-a-megabyte", "pytroll://" + strings.Repeat("x", 1<<20) + " file " + head + "{}"},
	{"beat-without-data", "pytroll://heartbeat/flow beat u@h 2024-05-17T09:41:12 v1.01"},
	{"beat-with-a-list", "pytroll://heartbeat/flow beat " + head + `[]`},
	{"beat-of-a-text", "pytroll://heartbeat/flow beat " + head + `{"min_interval": "x"}`},
	{"beat-of-zero", "pytroll://heartbeat/flow beat " + head + `{"min_interval": 0}`},
	{"beat-of-the-past", "pytroll://heartbeat/flow beat " + head + `{"min_interval": -1e308}`},
	{"beat-of-the-far-future", "pytroll://heartbeat/flow beat " + head + `{"min_interval": 1e308}`},
	{"beat-of-no-number", "pytroll://heartbeat/flow beat " + head + `{"min_interval": NaN}`},
	{"beat-of-the-shortest", "pytroll://heartbeat/flow beat " + head + `{"min_interval": 1e-300}`},
}

// publisherCases are publishers that mean no good.
func publisherCases() []testCase {
	handshakes := table("server", connecting, rogueBytes, func(a *attack, bytes string) error {
		return a.publish(func(conn net.Conn) error { _, err := io.WriteString(conn, bytes); return err })
	})
	publishes := func(a *attack, body string) error {
		return a.publish(func(conn net.Conn) error {
			p, err := a.letIn(conn, "PUB")
			if err != nil {
				return err
			}
			return p.send(0, body)
		})
	}
	messages := table("publisher", connecting, rogueMessages, publishes)
	ofSize := func(megabytes int) func() string {
		return func() string {
			return "pytroll://x file " + head + `{"uid": "` + strings.Repeat("x", megabytes<<20) + `"}`
		}
	}
	kept := large("publisher/3-megabytes", connecting, ofSize(3), publishes) // the relay keeps it: last_message
	tooLarge := large("publisher/10-megabytes", connecting, ofSize(10), publishes)
	tooLarge.slow = true
	return slices.Concat(handshakes, messages, rogueConnections(), rogueStreams(), []testCase{kept, tooLarge})
}

// rogueConnections are odd in when they send and end.
func rogueConnections() []testCase {
	serves := func(name string, treat func(a *attack, conn net.Conn) error) testCase {
		return testCase{name: "server/" + name, at: connecting, run: func(a *attack) error {
			return a.publish(func(conn net.Conn) error { return treat(a, conn) })
		}}
	}
	return []testCase{
		serves("ends-at-once", func(_ *attack, conn net.Conn) error { return conn.Close() }),
		serves("resets-at-once", func(_ *attack, conn net.Conn) error { return reset(conn) }),
		serves("ends-half", func(_ *attack, conn net.Conn) error { return conn.(*net.TCPConn).CloseWrite() }),
		serves("greeting-and-end", func(_ *attack, conn net.Conn) error {
			_, err := io.WriteString(conn, greeting(1, "NULL"))
			return errors.Join(err, conn.Close())
		}),
		serves("byte-by-byte", func(_ *attack, conn net.Conn) error {
			for _, b := range []byte(greeting(1, "NULL") + ready("PUB")) {
				if _, err := conn.Write([]byte{b}); err != nil {
					return err
				}
				time.Sleep(time.Millisecond) // what is sent at once comes at once
			}
			return nil
		}),
		serves("ping-and-reset", func(a *attack, conn net.Conn) error {
			p, err := a.letIn(conn, "PUB")
			if err != nil {
				return err
			}
			return errors.Join(orCut(p.send(flagCommand, "\x04PING\x00\x01x")), reset(conn))
		}),
		serves("let-in-and-never-reads", func(a *attack, conn net.Conn) error {
			_, err := a.letIn(conn, "PUB")
			return err
		}),
		serves("as-every-kind-of-socket", func(a *attack, conn net.Conn) error {
			kinds := []string{"XPUB", "SUB", "ROUTER", "REP", "PUSH", "PAIR", "STREAM", ""}
			_, err := a.letIn(conn, kinds[conn.RemoteAddr().(*net.TCPAddr).Port%len(kinds)])
			return err
		}),
	}
}

// rogueStreams are many frames, or frames that no publisher sends.
func rogueStreams() []testCase {
	frames := func(name string, times int, one func(i int) (byte, string)) testCase {
		return testCase{name: "publisher/" + name, at: connecting, run: func(a *attack) error {
			return a.publish(func(conn net.Conn) error {
				p, err := a.letIn(conn, "PUB")
				if err != nil {
					return err
				}
				return p.sendMany(a.fewer(times), one)
			})
		}}
	}
	same := func(flags byte, body string) func(int) (byte, string) {
		return func(int) (byte, string) { return flags, body }
	}
	const good = "pytroll://rogue/x file " + head + `{"uid": "x", "uri": "/from/x"}`
	all := []testCase{
		frames("more-frames", 3, func(i int) (byte, string) { return flagMore * byte(1-i/2), good }),
		frames("message-and-junk-behind", 2, func(i int) (byte, string) { return flagMore * byte(1-i), []string{good, "\xff"}[i] }),
		frames("message-not-ended", 10, same(flagMore, good)),
		frames("endless-small-frames", 100_000, same(flagMore, "x")),
		frames("endless-large-frames", 100, same(flagMore, strings.Repeat("x", 1<<20))),
		frames("10000-that-are-none", 10_000, same(0, "hello")),
		frames("10000-not-utf8", 10_000, same(0, "pytroll://x file "+head+"\"\xff\"")),
		frames("10000-subjects", 10_000, func(i int) (byte, string) { return 0, fmt.Sprintf("pytroll://rogue/%d file %s{}", i, head) }),
		frames("40-large-ones", 40, same(0, "pytroll://x file "+head+`{"uid": "`+strings.Repeat("x", 1<<19)+`"}`)),
		frames("beats-of-1000-names", 1000, func(i int) (byte, string) {
			return 0, fmt.Sprintf(`pytroll://heartbeat/%d beat %s{"min_interval": %d}`, i, head, i-500)
		}),
		frames("pings-in-a-flood", 50_000, same(flagCommand, "\x04PING\x00\x00hello")),
		frames("ping-of-a-megabyte", 1, same(flagCommand, "\x04PING\xff\xff"+strings.Repeat("x", 1<<20))),
		frames("ping-with-the-shortest-ttl", 1, same(flagCommand, "\x04PING\x00\x01")),
		frames("unknown-commands", 1000, same(flagCommand, "\x04EVILx")),
		frames("subscribes", 1000, same(flagCommand, "\x09SUBSCRIBEx")),
	}
	return append(all, table("publisher", pick(func(s socket) bool { return s.kind == kindSource && !s.secure }), []text{
		{"length-2-to-the-62", longFrame(0, 1<<62, "x")},
		{"length-2-to-the-63", longFrame(0, 1<<63, "x")},
		{"60-megabytes-and-no-more", longFrame(0, 60<<20, "x")},
		{"cut-off", frame(0, good)[:50]},
		{"all-flags", frame(0xff, "x")},
	}, func(a *attack, bytes string) error {
		return a.publish(func(conn net.Conn) error {
			p, err := a.letIn(conn, "PUB")
			if err != nil {
				return err
			}
			_, err = io.WriteString(p, bytes)
			return err
		})
	})...)
}
