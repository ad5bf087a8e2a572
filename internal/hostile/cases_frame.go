package main

import (
	"io"
	"strings"
)

// frameCases are frames behind a handshake in order, on plain sockets; those that are whole, encrypted too.
func frameCases() []testCase {
	bytes := table("frame", plain, []text{
		{"reserved-flags", frame(0xf8, "x")},
		{"all-flags", frame(0xff, strings.Repeat("x", 20))},
		{"command-with-more", frame(flagCommand|flagMore, "\x04PING\x00\x00")},
		{"length-2-to-the-31", longFrame(0, 1<<31, "x")},
		{"length-2-to-the-62", longFrame(0, 1<<62, "x")},
		{"length-2-to-the-63", longFrame(0, 1<<63, "x")},
		{"length-2-to-the-64", longFrame(0, 1<<64-1, "x")},
		{"length-just-above-the-limit", longFrame(0, 64<<20+1, "x")},
		{"length-of-60-megabytes-and-no-more", longFrame(0, 60<<20, "x")},
		{"command-of-2-to-the-62", longFrame(flagCommand, 1<<62, "\x09SUBSCRIBE")},
		{"long-form-of-a-byte", longFrame(0, 1, "x")},
		{"cut-off", frame(0, "hello")[:3]},
		{"length-alone", "\x02\x00\x00"},
	}, func(a *attack, bytes string) error {
		p, err := a.connect()
		if err != nil {
			return err
		}
		_, err = io.WriteString(p, bytes)
		return orCut(err)
	})
	commands := table("command", listening, []text{
		{"empty", ""},
		{"no-name", "\x00"},
		{"name-beyond-the-end", "\xffPING"},
		{"unknown", "\x04EVILx"},
		{"unknown-and-large", "\x04EVIL" + strings.Repeat("x", 100_000)},
		{"ready-again", "\x05READY" + property("Socket-Type", "SUB")},
		{"error", "\x05ERROR\x03400"},
		{"hello", "\x05HELLO\x01\x00"},
		{"ping-without-ttl", "\x04PING"},
		{"ping-with-half-a-ttl", "\x04PING\x00"},
		{"ping-with-a-ttl-of-zero", "\x04PING\x00\x00"},
		{"ping-with-the-shortest-ttl", "\x04PING\x00\x01"},
		{"ping-with-a-long-context", "\x04PING\xff\xff" + strings.Repeat("x", 10_000)},
		{"ping-of-a-megabyte", "\x04PING\xff\xff" + strings.Repeat("x", 1<<20)},
		{"pong-that-nobody-asked-for", "\x04PONGx"},
		{"pong-without-context", "\x04PONG"},
		{"subscribe", "\x09SUBSCRIBEpytroll:/"},
		{"subscribe-to-nothing", "\x09SUBSCRIBE"},
		{"subscribe-cut-off", "\x09SUBSCRI"},
		{"cancel-what-was-not-asked-for", "\x06CANCELnever"},
		{"cancel-cut-off", "\x06CANC"},
	}, func(a *attack, body string) error {
		p, err := a.connect()
		if err != nil {
			return err
		}
		return orCut(p.send(flagCommand, body))
	})
	return append(append(bytes, commands...),
		testCase{name: "command/pings-in-a-flood-without-reading", at: listening, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			return orStuck(p.sendMany(a.fewer(200_000), func(int) (byte, string) { return flagCommand, "\x04PING\x00\x00hello" }))
		}},
		testCase{name: "command/a-thousand-of-each-kind", at: listening, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			kinds := []string{"\x04PING\x00\x00", "\x04PONG", "\x09SUBSCRIBEx", "\x06CANCELx"}
			return orCut(p.sendMany(4000, func(i int) (byte, string) { return flagCommand, kinds[i%len(kinds)] }))
		}},
	)
}
