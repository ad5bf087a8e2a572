package main

import (
	"io"
	"strings"
)

// handshakeCases are second words on plain sockets, where READY with a fitting type belongs.
func handshakeCases() []testCase {
	var types strings.Builder
	for range 1000 {
		types.WriteString(property("Socket-Type", "SUB"))
	}
	all := table("handshake", plain, []text{
		{"no-name", frame(flagCommand, "")},
		{"empty-name", frame(flagCommand, "\x00")},
		{"name-beyond-the-end", frame(flagCommand, "\xffREADY")},
		{"cut-off", ready("SUB")[:8]},
		{"a-message-frame", frame(0, "\x05READY"+property("Socket-Type", "SUB"))},
		{"more-frames", frame(flagCommand|flagMore, "\x05READY"+property("Socket-Type", "SUB"))},
		{"reserved-flags", frame(0xf8, "\x05READY")},
		{"unknown-command", zmtpCommand("EVIL", "x")},
		{"error", zmtpCommand("ERROR", "\x03400")},
		{"error-with-long-reason", zmtpCommand("ERROR", "\xff"+strings.Repeat("x", 255))},
		{"error-cut-off", zmtpCommand("ERROR", "\xffx")},
		{"no-properties", zmtpCommand("READY", "")},
		{"kind-unknown", ready("EVIL")},
		{"kind-empty", ready("")},
		{"kind-push", ready("PUSH")},
		{"kind-pub", ready("PUB")},
		{"kind-router", ready("ROUTER")},
		{"kind-stream", ready("STREAM")},
		{"kind-of-a-megabyte", longFrame(flagCommand, 6+1+11+4+1<<20, "\x05READY"+property("Socket-Type", strings.Repeat("x", 1<<20)))},
		{"property-without-name", zmtpCommand("READY", "\x00\x00\x00\x00\x01x"+property("Socket-Type", "SUB"))},
		{"property-of-4-gigabytes", zmtpCommand("READY", "\x01x\xff\xff\xff\xff")},
		{"property-length-negative", zmtpCommand("READY", "\x01x\x80\x00\x00\x00x")},
		{"property-cut-off", zmtpCommand("READY", "\x0bSocket-Type\x00\x00")},
		{"property-a-thousand-times", zmtpCommand("READY", types.String())},
		{"property-with-nul", zmtpCommand("READY", property("a\x00b", "c\x00d")+property("Socket-Type", "SUB"))},
		{"many-properties", zmtpCommand("READY", property("Socket-Type", "SUB")+many(5000, property("Xnnnn", "%05d")))},
		{"identity-of-a-megabyte", zmtpCommand("READY", property("Socket-Type", "DEALER")+property("Identity", strings.Repeat("x", 1<<20)))},
		{"identity-of-255-bytes", zmtpCommand("READY", property("Socket-Type", "DEALER")+property("Identity", strings.Repeat("x", 255)))},
		{"identity-of-256-bytes", zmtpCommand("READY", property("Socket-Type", "DEALER")+property("Identity", strings.Repeat("x", 256)))},
		{"identity-empty", zmtpCommand("READY", property("Socket-Type", "DEALER")+property("Identity", ""))},
		{"identity-that-begins-with-zero", zmtpCommand("READY", property("Socket-Type", "DEALER")+property("Identity", "\x00\x00\x00\x00\x01"))},
		{"huge", longFrame(flagCommand, 1<<62, "\x05READY")},
		{"of-2-to-the-63", longFrame(flagCommand, 1<<63, "\x05READY")},
		{"of-2-to-the-64", longFrame(flagCommand, 1<<64-1, "\x05READY")},
		{"long-and-empty", longFrame(flagCommand, 0, "")},
		{"ping-first", zmtpCommand("PING", "\x00\x00")},
		{"subscribe-first", zmtpCommand("SUBSCRIBE", "x")},
		{"curve-hello", zmtpCommand("HELLO", "\x01\x00"+strings.Repeat("\x00", 196))},
		{"a-thousand-commands", strings.Repeat(zmtpCommand("EVIL", "x"), 1000)},
	}, func(a *attack, bytes string) error { return a.write(greeting(1, "NULL") + bytes) })
	return append(all,
		testCase{name: "handshake/ready-twice", at: plain, run: func(a *attack) error {
			return a.write(greeting(1, "NULL") + ready(a.at.peerKind()) + ready(a.at.peerKind()))
		}},
		testCase{name: "handshake/same-identity-twice", at: plainReply, run: func(a *attack) error {
			for range 2 {
				conn, err := a.open()
				if err != nil {
					return err
				}
				if _, err := io.WriteString(conn, greeting(1, "NULL")+zmtpCommand("READY", property("Socket-Type", "DEALER")+property("Identity", "me"))+
					frame(flagMore, "")+frame(0, "hello")); err != nil {
					return orCut(err)
				}
			}
			return nil
		}},
		testCase{name: "handshake/silence-is-cut", at: listening, slow: true, run: func(a *attack) error {
			mechanism := "NULL"
			if a.at.secure {
				mechanism = "CURVE"
			}
			conn, err := a.open()
			if err != nil {
				return err
			}
			if _, err := io.WriteString(conn, greeting(1, mechanism)); err != nil {
				return err
			}
			return cut(conn)
		}},
	)
}
