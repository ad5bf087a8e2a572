package main

import (
	"fmt"
	"strings"
)

// multipartCases are requests of other than the two frames that a REQ sends: an empty one and the request.
func multipartCases() []testCase {
	frames := func(all ...string) func(*attack) error {
		return func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			for i, body := range all {
				flags := byte(flagMore)
				if i == len(all)-1 {
					flags = 0
				}
				if err := p.send(flags, body); err != nil {
					return orCut(err)
				}
			}
			return nil
		}
	}
	answered := func(all ...string) func(*attack) error {
		return func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			for _, body := range all[:len(all)-1] {
				if err := p.send(flagMore, body); err != nil {
					return err
				}
			}
			if err := p.send(0, all[len(all)-1]); err != nil {
				return err
			}
			answer, err := p.reply()
			if err != nil {
				return fmt.Errorf("no answer: %w", err)
			}
			return a.isAnswer(answer)
		}
	}
	const good = requestHead + `{"service": "flow"}`
	named := func(name string, run func(*attack) error) testCase {
		return testCase{name: "multipart/" + name, at: replying, run: run}
	}
	return []testCase{
		named("two-requests", answered("", good, good)),
		named("an-empty-frame-behind", answered("", good, "")),
		named("a-hundred-frames", frames(append([]string{""}, strings.Split(strings.Repeat("x,", 99)+"x", ",")...)...)),
		named("a-hundred-empty-frames", frames(make([]string, 100)...)),
		named("fifty-empty-frames", answered(make([]string, 50)...)),
		named("no-delimiter", frames("hello")),
		named("no-delimiter-and-many", frames(strings.Split(strings.Repeat("x,", 50)+"x", ",")...)),
		named("delimiter-alone", answered("", "")),
		named("delimiter-last", frames("x", "")),
		named("way-back-of-three", answered("a", "bb", "", "hello")),
		named("way-back-of-a-thousand", frames(append(strings.Split(strings.Repeat("x,", 1000)+"x", ","), "", good)...)),
		named("way-back-of-large-frames", frames(append(strings.Split(strings.Repeat(strings.Repeat("x", 1<<16)+",", 20)+"x", ","), "", good)...)),
		named("not-ended", func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			return p.sendMany(10, func(int) (byte, string) { return flagMore, "x" })
		}),
		named("endless-small-frames", func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			return orStuck(p.sendMany(a.fewer(100_000), func(int) (byte, string) { return flagMore, "x" }))
		}),
		named("endless-empty-frames", func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			return orStuck(p.sendMany(a.fewer(100_000), func(int) (byte, string) { return flagMore, "" }))
		}),
		named("endless-large-frames", func(a *attack) error {
			p, err := a.connect()
			if err != nil {
				return err
			}
			large := strings.Repeat("x", 1<<20)
			return orStuck(p.sendMany(a.fewer(200), func(int) (byte, string) { return flagMore, large }))
		}),
	}
}

// fewer is a tenth where each frame is encrypted.
func (a *attack) fewer(n int) int {
	if a.at.secure {
		return (n + 9) / 10
	}
	return n
}
