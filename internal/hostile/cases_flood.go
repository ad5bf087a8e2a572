package main

import (
	"fmt"
	"io"
	"strings"
)

// floodCases are many of what is harmless alone. All is on one machine: the bound is on connections and messages, not on time.
func floodCases() []testCase {
	mechanism := func(a *attack) string {
		if a.at.secure {
			return "CURVE"
		}
		return "NULL"
	}
	return []testCase{
		{name: "flood/300-connections-that-say-nothing", at: listening, run: func(a *attack) error {
			for range 300 {
				if _, err := a.open(); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "flood/300-greetings-and-silence", at: listening, run: func(a *attack) error {
			for range 300 {
				if err := a.write(greeting(1, mechanism(a))); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "flood/200-that-are-let-in", at: listening, run: func(a *attack) error {
			for range 200 {
				if _, err := a.connect(); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "flood/2000-connections-one-after-the-other", at: listening, slow: true, run: func(a *attack) error {
			for range 2000 {
				conn, err := a.dial()
				if err != nil {
					return err
				}
				if _, err := io.WriteString(conn, greeting(1, mechanism(a))); err != nil && !isCut(err) {
					return err
				}
				if err := reset(conn); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "flood/20000-requests-without-reading", at: replying, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			return orStuck(p.sendMany(a.fewer(40_000), func(i int) (byte, string) {
				if i%2 == 0 {
					return flagMore, ""
				}
				return 0, requestHead + `{"service": ""}`
			}))
		}},
		{name: "flood/50-clients-that-never-read", at: replying, slow: true, run: func(a *attack) error {
			for range 50 {
				p, err := a.connect()
				if err != nil {
					return err
				}
				if err := p.sendMany(1000, func(i int) (byte, string) {
					return flagMore * byte(1-i%2), strings.Repeat(requestHead+`{"service": ""}`, i%2)
				}); err != nil {
					return orStuck(err)
				}
			}
			return nil
		}},
		{name: "flood/large-requests-without-reading", at: replying, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			large := strings.Repeat("x", 16<<10)
			return orStuck(p.sendMany(a.fewer(4000), func(i int) (byte, string) { return flagMore * byte(1-i%2), strings.Repeat(large, i%2) }))
		}},
		// A host may have a thousand lines of each kind in a short time: so many publishers, come and gone, are news.
		{name: "flood/3000-publishers-of-one-host", at: called("register"), slow: true, lines: 2500, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			// They go when they are old.
			for i := range 3000 {
				answer, err := p.request(fmt.Sprintf(`%s{"URI": "tcp://127.0.0.1:%d", "service": ["hostile-%d"]}`, announceHead, 1+i, i))
				if err != nil {
					return err
				}
				if answer != "ok" {
					return fmt.Errorf("answered with %q", answer)
				}
			}
			a.after(func() error { // what is logged of their going belongs to this case
				return eventually(a, func() error { return a.w.isUnknown(a, "hostile-2999") })
			})
			return nil
		}},
	}
}
