package main

import (
	"fmt"
	"io"
	"strings"
)

// subscriptionCases come to sockets that publish, by subscribers that are let in.
func subscriptionCases() []testCase {
	frames := func(name string, times int, one func(i int) (byte, string)) testCase {
		return testCase{name: "subscription/" + name, at: publishing, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			return orStuck(p.sendMany(a.fewer(times), one))
		}}
	}
	same := func(flags byte, body string) func(int) (byte, string) {
		return func(int) (byte, string) { return flags, body }
	}
	return []testCase{
		frames("in-the-old-form", 1, same(0, "\x01pytroll:/")),
		frames("end-in-the-old-form", 1, same(0, "\x00pytroll:/")),
		frames("of-a-wrong-kind", 1, same(0, "\x02pytroll:/")),
		frames("empty-frame", 1, same(0, "")),
		frames("of-more-frames", 3, same(flagMore, "\x01x")),
		frames("message-to-a-publisher", 100, same(0, announceHead+`{}`)),
		frames("messages-in-a-flood", 100_000, same(0, "hello")),
		frames("topic-of-a-kilobyte", 1, same(0, "\x01"+strings.Repeat("x", 1024))),
		frames("topic-of-a-megabyte", 1, same(0, "\x01"+strings.Repeat("x", 1<<20))),
		frames("topic-of-60-megabytes", 1, func(int) (byte, string) { return 0, "\x01" + strings.Repeat("x", 60<<20) }),
		frames("topic-not-utf8", 1, same(0, "\x01\xff\xfe\x00")),
		frames("same-topic-100000-times", 100_000, same(0, "\x01pytroll:/")),
		frames("to-and-fro-100000-times", 100_000, func(i int) (byte, string) { return 0, string([]byte{byte(1 - i%2)}) + "pytroll:/" }),
		frames("2000-topics", 2000, func(i int) (byte, string) { return 0, fmt.Sprintf("\x01topic-%d", i) }),
		frames("100000-topics", 100_000, func(i int) (byte, string) { return 0, fmt.Sprintf("\x01topic-%d", i) }),
		frames("2000-long-topics", 2000, func(i int) (byte, string) { return 0, fmt.Sprintf("\x01%d%s", i, strings.Repeat("x", 10_000)) }),
		frames("ends-of-100000-that-were-not", 100_000, func(i int) (byte, string) { return 0, fmt.Sprintf("\x00topic-%d", i) }),
		frames("topics-one-inside-the-other", 5000, func(i int) (byte, string) { return 0, "\x01" + strings.Repeat("a", i) }),
		{name: "subscription/100-subscribers-with-500-topics-each", at: publishing, slow: true, run: func(a *attack) error {
			for i := range 100 {
				p, err := a.connect()
				if err != nil {
					return err
				}
				if err := p.sendMany(500, func(j int) (byte, string) { return 0, fmt.Sprintf("\x01topic-%d-%d", i, j) }); err != nil {
					return orStuck(err)
				}
			}
			return nil
		}},
		{name: "subscription/never-reads", at: publishing, run: func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			if err := p.send(0, "\x01"); err != nil {
				return err
			}
			return a.w.publishMany(a, 300, 10_000)
		}},
		{name: "subscription/50-that-never-read", at: publishing, slow: true, run: func(a *attack) error {
			for range 50 {
				p, err := a.connect()
				if err != nil {
					return err
				}
				if err := p.send(0, "\x01"); err != nil {
					return err
				}
			}
			return a.w.publishMany(a, 300, 10_000)
		}},
		{name: "subscription/gone-while-messages-come", at: publishing, run: func(a *attack) error {
			for range 30 {
				p, err := a.comeIn()
				if err != nil {
					return err
				}
				if err := p.send(0, "\x01"); err != nil {
					return err
				}
				if err := a.w.publishMany(a, 3, 10_000); err != nil {
					return err
				}
				if err := reset(p.Conn); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "subscription/many-topics-of-some-while-others-come-and-go", at: publishing, slow: true, run: func(a *attack) error {
			for i := range 4 {
				p, err := a.connect()
				if err != nil {
					return err
				}
				if err := p.sendMany(20_000, func(j int) (byte, string) { return 0, fmt.Sprintf("\x01topic-%d-%d", i, j) }); orStuck(err) != nil {
					return err
				}
			}
			for range 1000 {
				conn, err := a.dial()
				if err != nil {
					return err
				}
				p, err := a.over(conn)
				if err == nil {
					err = p.send(0, "\x01pytroll:/")
				}
				if err != nil && !isCut(err) { // the door may be closed
					return err
				}
				if err := reset(conn); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "subscription/as-every-kind-of-socket", at: publishing, run: func(a *attack) error {
			for _, kind := range []string{"SUB", "XSUB", "REQ", "REP", "DEALER", "ROUTER", "PUSH", "PULL", "PAIR", "PUB", "XPUB", "STREAM", "CLIENT", "DISH", "", "sub"} {
				p, err := a.connectAs(kind)
				if err != nil {
					continue // it is refused, one way or the other
				}
				if _, err := io.WriteString(p, frame(0, "\x01x")); err != nil && !isCut(err) {
					return err
				}
			}
			return nil
		}},
	}
}

// comeIn connects as a subscriber, whom the world does not know of. As they do, it comes again when it is cut: a sink with a replay can not always tell who was
// in the middle of coming when another one was cut.
func (a *attack) comeIn() (p *peer, err error) {
	for range 10 {
		conn, err := a.dial()
		if err != nil {
			return nil, err
		}
		if p, err = a.over(conn); err == nil || !isCut(err) {
			return p, err
		}
		if err := conn.Close(); err != nil {
			return nil, err
		}
	}
	return p, err
}
