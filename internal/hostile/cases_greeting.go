package main

import (
	"fmt"
	"io"
	"strings"
)

// greetingCases are first words of ZMTP, of every revision and of none.
func greetingCases() []testCase {
	replace := func(at int, with string) string {
		g := greeting(1, "NULL")
		return g[:at] + with + g[at+len(with):]
	}
	all := table("greeting", listening, []text{
		{"signature-alone", "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f"},
		{"half", greeting(1, "NULL")[:32]},
		{"all-but-a-byte", greeting(1, "NULL")[:63]},
		{"nothing-behind-it", greeting(1, "NULL")},
		{"zmtp-1.0", "\x01\x00"},
		{"zmtp-1.0-with-identity", "\x06\x00hello\x02\x00x"},
		{"zmtp-1.0-with-huge-identity", "\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00" + strings.Repeat("x", 1000)},
		{"zmtp-2.0", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x01\x00\x00"},
		{"zmtp-2.0-of-a-wrong-kind", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x7e\x00\x00"},
		{"zmtp-2.0-with-huge-identity", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x01" + longFrame(0, 1<<40, "x")},
		{"zmtp-2.0-and-frames", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x01\x00\x00" + frame(flagMore, "") + frame(0, "hello")},
		{"zmtp-3.255", greeting(255, "NULL") + ready("SUB")},
		{"zmtp-255.255", replace(10, "\xff\xff") + ready("REQ")},
		{"mechanism-unknown", greeting(1, "EVIL")},
		{"mechanism-plain", greeting(1, "PLAIN") + zmtpCommand("HELLO", "\x04user\x08password")},
		{"mechanism-gssapi", greeting(1, "GSSAPI") + zmtpCommand("INITIATE", strings.Repeat("x", 100))},
		{"mechanism-empty", greeting(1, "") + ready("SUB")},
		{"mechanism-not-ended", greeting(1, strings.Repeat("N", 20)) + ready("SUB")},
		{"mechanism-in-small-letters", greeting(1, "null") + ready("SUB")},
		{"mechanism-with-more-behind-zeros", replace(12, "NULL\x00\x00\x00CURVE") + ready("SUB")},
		{"as-server", replace(32, "\x01") + ready("SUB")},
		{"filler-of-ones", replace(33, strings.Repeat("\xff", 31)) + ready("SUB")},
		{"twice", greeting(1, "NULL") + greeting(1, "NULL")},
		{"curve", greeting(1, "CURVE")},
		{"curve-as-server", strings.Replace(greeting(1, "CURVE"), strings.Repeat("\x00", 32), "\x01"+strings.Repeat("\x00", 31), 1)},
	}, (*attack).write)
	return append(all,
		testCase{name: "greeting/a-byte-at-a-time", at: listening, run: func(a *attack) error {
			mechanism := "NULL"
			if a.at.secure {
				mechanism = "CURVE"
			}
			conn, err := a.open()
			if err != nil {
				return err
			}
			for _, b := range []byte(greeting(1, mechanism)) {
				if _, err := conn.Write([]byte{b}); err != nil {
					return err
				}
			}
			if _, err := io.ReadFull(conn, make([]byte, 64)); err != nil {
				return fmt.Errorf("no greeting came: %w", err)
			}
			return nil
		}},
	)
}
